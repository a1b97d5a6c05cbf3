// What happened day by day, and the hours in which it happens. Loaded after the page, with the library that draws.
import "uplot/dist/uPlot.min.css";

import { Group, Select, SegmentedControl, SimpleGrid, Table, Text, Title, useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import uPlot from "uplot";

import { api, data, type Schemas } from "../../api/client";
import { useText, type Key } from "../../i18n";
import { Failure, Loading } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { OWN_ZONE, zones } from "../../shell/zones";

type Overview = Schemas["OverviewBody"];
type Day = Schemas["OverviewDay"];

const SPANS = ["7", "30", "90"];
const CHART_PX = 160;
/** What the name of a day takes. */
const LABEL_PX = 80;
const HALF_DAY_S = 43_200;

/** The columns of the numbers, in the order of the table. */
const COLUMNS: [keyof Day, Key][] = [
  ["newSessions", "overview.new"],
  ["activeSessions", "overview.active"],
  ["events", "overview.events"],
  ["reports", "overview.tickets"],
];

export function Charts() {
  const { t, number } = useText();
  const project = useProjectId();
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const days = SPANS.find((known) => known === search.days) ?? "30";
  const timezone = search.timezone ?? OWN_ZONE;
  const go = (change: { days?: string; timezone?: string }) => void navigate({ to: ".", search: { ...search, ...change }, replace: true });
  const overview = useQuery({
    queryKey: ["overview", project, days, timezone],
    queryFn: ({ signal }) => data(api.GET("/v3/overview", { params: { header: { project }, query: { days: Number(days), timezone } }, signal })),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
  return (
    <section aria-label={t("overview.charts")}>
      <Group justify="space-between" mb="sm">
        <SegmentedControl
          size="xs"
          aria-label={t("overview.span")}
          data={SPANS.map((days) => ({ value: days, label: t("overview.days", { count: days }) }))}
          value={days}
          onChange={(days) => go({ days })}
        />
        <Select
          size="xs"
          w={210}
          searchable
          aria-label={t("overview.timezone")}
          data={zones(timezone)}
          value={timezone}
          allowDeselect={false}
          limit={50}
          onChange={(zone) => zone && go({ timezone: zone === OWN_ZONE ? undefined : zone })}
        />
      </Group>
      {overview.error && !overview.data ? (
        <Failure error={overview.error} retry={() => void overview.refetch()} />
      ) : !overview.data ? (
        <Loading />
      ) : (
        <>
          <SimpleGrid cols={{ base: 1, lg: 2 }}>
            {COLUMNS.filter(([column]) => overview.data.days.some((day) => day[column] !== undefined)).map(([column, title]) => (
              <Chart key={column} title={t(title)} days={overview.data.days} column={column} />
            ))}
          </SimpleGrid>
          <Hours hours={overview.data.hours} />
          {overview.data.sample.of > overview.data.sample.sessions && (
            <Text size="xs" className="quiet" mt="xs">
              {t("overview.sampled", { looked: number(overview.data.sample.sessions), of: number(overview.data.sample.of) })}
            </Text>
          )}
          <Numbers overview={overview.data} />
        </>
      )}
    </section>
  );
}

/** The middle of a day as the library counts time, so that it is on that day everywhere. */
const noonOf = ({ date }: Day) => Date.parse(`${date}T12:00:00Z`) / 1000;

function Chart({ title, days, column }: { title: string; days: Day[]; column: keyof Day }) {
  const { t, number, shortDay } = useText();
  const scheme = useComputedColorScheme();
  const { ref, width } = useElementSize<HTMLDivElement>();
  const stage = useRef<HTMLDivElement>(null);
  const values = days.map((day) => Number(day[column] ?? 0));
  const total = values.reduce((sum, value) => sum + value, 0);
  const most = Math.max(...values);
  const drawn = JSON.stringify(values);
  useEffect(() => {
    if (!stage.current || width === 0) return;
    const style = getComputedStyle(document.documentElement);
    const [ink, quiet, line] = ["--mantine-primary-color-filled", "--quiet", "--line"].map((name) => style.getPropertyValue(name).trim());
    const noons = days.map(noonOf);
    const each = Math.ceil(noons.length / (width / LABEL_PX));
    const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const plot = new uPlot(
      {
        width,
        height: CHART_PX,
        padding: [8, 12, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "UTC"),
        // Half a day at each end, so that the first and the last bar are whole.
        scales: { x: { range: (_, first, last) => [first - HALF_DAY_S, last + HALF_DAY_S] }, y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] } },
        series: [{}, { stroke: ink, fill: ink, paths: uPlot.paths.bars?.({ size: [0.7, 40], radius: 0.15 }), points: { show: false } }],
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 28,
            splits: () => noons.filter((_, index) => index % each === 0),
            values: (_, splits) => splits.map((at) => shortDay(at * 1000)),
          },
          { ...axis, values: (_, splits) => splits.map((value) => (Number.isInteger(value) ? number(value) : "")), size: 58 },
        ],
      },
      [noons, JSON.parse(drawn) as number[]],
      stage.current,
    );
    return () => plot.destroy();
    // The days are those of the values; texts change with the language, which draws the page anew.
  }, [drawn, width, scheme, number, shortDay]);
  return (
    <figure className="panel" style={{ margin: 0, padding: 16, minWidth: 0, overflow: "hidden" }}>
      <Title order={3} size="sm" className="quiet" mb={4}>
        {title}
      </Title>
      <div ref={ref} role="img" aria-label={t("overview.chartOf", { title, total: number(total), most: number(most) })}>
        <div ref={stage} style={{ width: 0 }} />
      </div>
    </figure>
  );
}

function Hours({ hours }: { hours: Overview["hours"] }) {
  const { t, number, weekday } = useText();
  const most = Math.max(1, ...hours.flat());
  return (
    <figure className="panel" style={{ margin: "16px 0 0", padding: 16 }}>
      <Title order={3} size="sm" className="quiet" mb="xs">
        {t("overview.hours")}
      </Title>
      <div style={{ overflowX: "auto" }} tabIndex={0} role="region" aria-label={t("overview.hours")}>
        <table className="hours">
          <thead>
            <tr>
              <td style={{ width: 44 }} />
              {hours[0]?.map((_, hour) => (
                <th key={hour} scope="col" className="number quiet">
                  {hour}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {hours.map((day, index) => (
              <tr key={index}>
                <th scope="row" className="quiet">
                  {weekday(index)}
                </th>
                {day.map((events, hour) => (
                  <td key={hour} title={t("overview.hourOf", { day: weekday(index), hour, count: number(events) })}>
                    <span style={{ opacity: events === 0 ? 0.06 : 0.15 + 0.85 * (events / most) }} />
                    <span className="unseen">{number(events)}</span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

/** The same as numbers, for those who read rather than look. */
function Numbers({ overview }: { overview: Overview }) {
  const { t, number, shortDay } = useText();
  return (
    <details style={{ margin: "12px 0 20px" }}>
      <summary className="quiet">{t("overview.numbers")}</summary>
      <div className="panel" style={{ marginTop: 8, overflowX: "auto" }} tabIndex={0} role="region" aria-label={t("overview.numbers")}>
        <Table miw={480}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("overview.date")}</Table.Th>
              {COLUMNS.map(([column, title]) => (
                <Table.Th key={column} ta="right">
                  {t(title)}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {overview.days.toReversed().map((day) => (
              <Table.Tr key={day.date}>
                <Table.Td>{shortDay(noonOf(day) * 1000)}</Table.Td>
                {COLUMNS.map(([column]) => (
                  <Table.Td key={column} ta="right" className="number">
                    {day[column] === undefined ? "–" : number(Number(day[column]))}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </details>
  );
}
