// What was said about a ticket, and where it is answered.
import { Badge, Button, Center, Group, Text } from "@mantine/core";
import { IconMessages, IconNote } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";

import { api, data, type Schemas, type Ticket } from "../../api/client";
import { useText } from "../../i18n";
import { Ago } from "../../shell/Ago";
import { part } from "../../shell/part";
import { Empty, Face, Failure, Loading, nameOf } from "../../shell/parts";
import { nameOfMember, useMay, useMe, useProjectId } from "../../shell/project";
import { Attached } from "./Attached";
import { MessageMenu } from "./MessageMenu";
import { RichText, type Part } from "./RichText";

const composer = () => import("./Composer");
const Composer = lazy(() => part(composer).then(({ Composer }) => ({ default: Composer })));
const MessageEditor = lazy(() => part(() => import("./MessageEditor")).then(({ MessageEditor }) => ({ default: MessageEditor })));

type Message = Schemas["MessageBody"];

const MESSAGES_PER_PAGE = 50;

export function Conversation({ ticket }: { ticket: Ticket }) {
  const { t } = useText();
  const may = useMay("tickets:write");
  const project = useProjectId();
  // It is there by the time that the messages are.
  useEffect(() => {
    if (may) composer().catch(() => {}); // it is tried again when it is shown
  }, [may]);
  const messages = useInfiniteQuery({
    queryKey: ["messages", project, ticket.id],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => {
      const query = { ticket: ticket.id, paginated: true, limit: MESSAGES_PER_PAGE, before: pageParam };
      return (await data(api.GET("/v3/messages", { params: { header: { project }, query } }))) as Schemas["MessagePage"];
    },
    getNextPageParam: (page) => (page.hasMore ? page.nextBefore : undefined),
  });
  if (messages.error && !messages.data) return <Failure error={messages.error} retry={() => void messages.refetch()} />;
  if (!messages.data) return <Loading />;
  // Each page lies before the one that was read first.
  const all = messages.data.pages.toReversed().flatMap((page) => page.items);
  return (
    <>
      {messages.hasNextPage && (
        <Center mb="md">
          <Button variant="default" size="xs" loading={messages.isFetchingNextPage} onClick={() => void messages.fetchNextPage()}>
            {t("message.earlier")}
          </Button>
        </Center>
      )}
      {all.length === 0 && <Empty icon={<IconMessages aria-hidden />} title={t("message.none")} />}
      <ol className="messages" aria-label={t("ticket.conversation")}>
        {all.map((message) => (
          <Said key={message.id} message={message} />
        ))}
      </ol>
      {may && (
        <Suspense fallback={<Loading />}>
          <Composer ticketId={ticket.id} />
        </Suspense>
      )}
    </>
  );
}

function Said({ message }: { message: Message }) {
  const { t } = useText();
  const may = useMay("tickets:write");
  const me = useMe();
  const [isEdited, setEdited] = useState(false);
  const isMine = me.data !== undefined && message.user?.id === me.data.id;
  const isNote = message.type === "NOTE";
  const isTheirs = message.type === "USER_TEXT" || message.type === "SHARED_COMMENT";
  const name = speakerOf(message, t("sessions.guest")) || t(message.bot ? "message.bot" : "inbox.somebody");
  return (
    <li className="message" data-from={isNote ? "note" : isTheirs ? "them" : "us"}>
      <Group gap="xs" wrap="nowrap" mb={4}>
        <Face name={name} size={22} />
        <Text size="sm" fw={600} truncate>
          {name}
        </Text>
        {isNote && (
          <Badge size="xs" color="yellow" variant="light" tt="none" flex="none" leftSection={<IconNote size={11} aria-hidden />}>
            {t("message.note")}
          </Badge>
        )}
        <Text size="xs" className="quiet" flex="none" ml="auto">
          {message.editedAt && `${t("message.edited")} · `}
          <Ago at={message.createdAt} />
        </Text>
        {may && isMine && !isEdited && <MessageMenu messageId={message.id} edit={() => setEdited(true)} />}
      </Group>
      {isEdited ? (
        <Suspense fallback={<Loading />}>
          <MessageEditor message={message} close={() => setEdited(false)} />
        </Suspense>
      ) : (
        <RichText document={message.data.content as Part} />
      )}
      <Attached files={message.attachments} />
      {message.type === "TEXT" && message.sessionNotificationsUnread && (
        <Text size="xs" className="quiet">
          {t("message.unseen")}
        </Text>
      )}
    </li>
  );
}

/** Who said it, as far as that is known. */
function speakerOf({ fallbackUser, user, session }: Message, guest: string): string {
  return fallbackUser?.username || (user && nameOfMember(user)) || (session ? nameOf(session, guest) : "");
}
