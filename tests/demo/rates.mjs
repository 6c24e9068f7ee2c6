// Why: how often things go this way or that, in one place. All are shares of those to whom it could
// happen at that point, so they are a little above the shares of all bookings.

export const RATES = {
  abandonedPayment: 0.02,
  tracked: 0.78, // of bookings made on the pages
  rejected: 0.09,
  neverAnswered: 0.04,
  moved: 0.14,
  movedAgain: 0.25,
  askedToMove: 0.15,
  neverMoved: 0.25,
  cancelled: 0.115,
  cancelledLate: 0.22,
  cancelledByHost: 0.22,
  noShow: 0.045,
  unmarked: 0.15,
  markedAgain: 0.2,
  strayMeetingEnded: 0.03,
  seatCancelled: 0.1,
  seatTakenAgain: 0.15,
  flashDayCancelled: 0.05,
};
