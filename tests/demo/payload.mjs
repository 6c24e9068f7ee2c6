// Why: the demo has to look to its receiver exactly like Cal.com, down to the order of the fields
// and to the quirks. Guarantees: a body is built from a leg, a snapshot of it, and nothing else.

export * from "./payload/aside.mjs";
export * from "./payload/booking.mjs";
export * from "./payload/ending.mjs";
