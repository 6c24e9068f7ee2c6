-- What a booking owes to the same person's other bookings: the first visit, the one before, and what
-- the person booked next. One rule for the folder, the reader and the recount.

create function calytics.placed_among(chains calytics.chain[]) returns setof calytics.chain
  language c immutable strict parallel safe rows 10
  as 'MODULE_PATHNAME', 'calytics_placed_among';
comment on function calytics.placed_among(calytics.chain[]) is
  'All chains of one person, each with what it owes to the others. A booking entered after the fact counts as made '
  'at its start.';
