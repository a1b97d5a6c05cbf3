// Who is with which ticket.

/** A member who looks at a ticket or writes in it. */
export interface Present {
  ticket: string;
  user: string;
  doing: "viewing" | "typing";
  active: boolean;
}

/** The company after one of it came or went. */
export function noted(known: Present[], one: Present): Present[] {
  const others = known.filter(({ ticket, user, doing }) => ticket !== one.ticket || user !== one.user || doing !== one.doing);
  return one.active ? [...others, one] : others;
}
