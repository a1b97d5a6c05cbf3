// The files that came with a message: pictures of this server are shown, everything else is a link.
import { Group, Text } from "@mantine/core";
import { IconPaperclip } from "@tabler/icons-react";

import type { Schemas } from "../../api/client";
import { useText } from "../../i18n";
import { isOurs, Outward } from "./RichText";

type Attachment = Schemas["MessageBody"]["attachments"][number];

/** What browsers draw, by what the sender says or by the end of the name. The server says by itself what a file is. */
const PICTURE = /^image\/(png|jpeg|gif|webp)$/;
const PICTURE_NAME = /\.(png|jpe?g|gif|webp)$/i;

export function Attached({ files }: { files: Attachment[] }) {
  const { t } = useText();
  const isPicture = ({ url, type, name }: Attachment) => isOurs(url) && (type ? PICTURE.test(type) : PICTURE_NAME.test(name));
  const pictures = files.filter(isPicture);
  return (
    <>
      {pictures.length > 0 && (
        <Group gap="xs" mt={4}>
          {pictures.map(({ name, url }) => (
            <a key={url} href={url} target="_blank" rel="noreferrer noopener">
              <img src={url} alt={t("files.picture", { name })} className="attached-picture" loading="lazy" />
            </a>
          ))}
        </Group>
      )}
      {files
        .filter((file) => !isPicture(file))
        .map(({ name, url }) => (
          <Group key={url} gap={4} wrap="nowrap" mt={4}>
            <IconPaperclip size={14} aria-hidden style={{ flex: "none" }} />
            <Text size="sm" className="wrap">
              <Outward url={url}>{name || url}</Outward>
            </Text>
          </Group>
        ))}
    </>
  );
}
