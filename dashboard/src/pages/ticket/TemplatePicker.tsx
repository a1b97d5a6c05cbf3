// Choosing a template for what is written: by its button, or by `/` where a line begins.
import { ActionIcon, Anchor, Combobox, Text, useCombobox } from "@mantine/core";
import { IconTemplate } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { useText } from "../../i18n";
import { useProjectId } from "../../shell/project";
import { useTemplates, type Template } from "../templates/query";
import { matching } from "../templates/search";

interface Picker {
  isOpen: boolean;
  open: () => void;
  /** Nothing was chosen. */
  close: () => void;
  choose: (template: Template) => void;
}

export function TemplatePicker({ isOpen, open, close, choose }: Picker) {
  const { t } = useText();
  const [term, setTerm] = useState("");
  const templates = useTemplates(isOpen);
  const list = useCombobox({ opened: isOpen, onOpenedChange: (opened) => (opened ? open() : close()) });
  const found = matching(templates.data ?? [], term);
  useEffect(() => {
    if (isOpen) list.focusSearchInput();
    else setTerm("");
  }, [isOpen]);
  useEffect(() => {
    if (isOpen) list.selectFirstOption();
  }, [isOpen, term, templates.data]);
  return (
    <Combobox
      store={list}
      position="top-start"
      width={340}
      // Its button may be below the end of the window.
      hideDetached={false}
      onOptionSubmit={(id) => {
        const chosen = templates.data?.find((template) => template.id === id);
        if (chosen) choose(chosen);
      }}
    >
      <Combobox.Target withAriaAttributes={false}>
        <ActionIcon
          variant="subtle"
          title={t("templates.insert")}
          aria-label={t("templates.insert")}
          aria-expanded={isOpen}
          aria-haspopup="listbox"
          onClick={() => list.toggleDropdown()}
        >
          <IconTemplate size={16} />
        </ActionIcon>
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Search aria-label={t("templates.search")} placeholder={t("templates.search")} value={term} onChange={(event) => setTerm(event.currentTarget.value)} />
        <Combobox.Options mah={280} style={{ overflowY: "auto" }} aria-label={t("templates.list")}>
          {found.map((template) => (
            <Combobox.Option key={template.id} value={template.id}>
              <Text size="sm" fw={550} truncate>
                {template.title}
              </Text>
              <Text size="xs" className="quiet" truncate>
                {template.text}
              </Text>
            </Combobox.Option>
          ))}
          {templates.data && found.length === 0 && <Nothing hasSome={templates.data.length > 0} />}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

function Nothing({ hasSome }: { hasSome: boolean }) {
  const { t } = useText();
  const projectId = useProjectId();
  return (
    <Combobox.Empty>
      {t(hasSome ? "templates.noMatch" : "templates.none")}{" "}
      {!hasSome && (
        <Anchor size="sm" renderRoot={(props) => <Link to="/p/$projectId/settings" params={{ projectId }} search={{ tab: "templates" }} {...props} />}>
          {t("templates.make")}
        </Anchor>
      )}
    </Combobox.Empty>
  );
}
