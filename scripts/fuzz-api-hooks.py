"""What Schemathesis is told of the media types that it does not know: they go out as the bytes that it made."""

import schemathesis

schemathesis.serializer.alias("message/rfc822", "application/octet-stream")
