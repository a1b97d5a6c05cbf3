import { Table, Title } from "@mantine/core";

/** What a report carries, name by name. */
export function Facts({ title, facts }: { title: string; facts: Record<string, unknown> | undefined }) {
  const members = Object.entries(facts ?? {});
  if (members.length === 0) return null;
  return (
    <section>
      <Title order={3} size="h5" mb="xs">
        {title}
      </Title>
      <Table variant="vertical" layout="fixed">
        <Table.Tbody>
          {members.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th w="32%" className="wrap" style={{ background: "none" }}>
                {name}
              </Table.Th>
              <Table.Td className="wrap" style={{ whiteSpace: "pre-wrap" }}>
                {typeof value === "string" ? value : JSON.stringify(value)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
