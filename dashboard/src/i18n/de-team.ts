// Was das Team schreibt, und wie es eingerichtet ist.
import type { team as english } from "./en-team";

export const team: Record<keyof typeof english, string> = {
  "files.attach": "Dateien anhängen",
  "files.attached": "Angehängte Dateien",
  "files.drop": "Dateien hier ablegen, um sie anzuhängen",
  "files.remove": "{name} wegnehmen",
  "files.retry": "{name} noch einmal senden",
  "files.progress": "{name} wird gesendet",
  "files.failed": "{name} wurde nicht angenommen.",
  "files.tooLarge": "{name} ist zu groß.",
  "files.tooMany": "Eine Nachricht hat höchstens {count} Dateien.",
  "files.picture": "Bild {name}",
  "message.options": "Was mit dieser Nachricht geschieht",
  "message.edit": "Bearbeiten",
  "message.editing": "Die Nachricht",
  "message.delete": "Löschen …",
  "message.deleteTitle": "Diese Nachricht löschen?",
  "message.deleteHint": "Ihre Dateien gehen mit. Das lässt sich nicht zurücknehmen. Wer sie schon gesehen hat, erinnert sich vielleicht.",
  "message.deleted": "Die Nachricht ist gelöscht.",
};
