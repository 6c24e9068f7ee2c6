// Takes one person out of archived webhook bodies, so that all state can still be rebuilt from
// them.
//
// Guarantees: all that isn't about the person stays, byte for byte; time is linear in the body's
// length, but for the names looked for, and the stack's depth bounded. The same person gets the
// same stand-in in every body: whoever was told apart before still is.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace calytics::core {

struct ErasedPerson {
  std::string_view identity;  // the e-mail address, or the phone number of who gave none
  std::string_view stand_in;  // an address instead of it
  std::span<const std::string_view> names;  // what else the person is called by in prose

  // The person booked: what was asked and answered, titles, notes, reasons, places and metadata go
  // as well. Of somebody else's booking only what names the person goes.
  bool booked = false;
};

// What stands in prose where a name was.
inline constexpr std::string_view kErasedName = "erased";

// Whether a body names the identity as a whole, as it is or behind JSON's or URLs' escapes, in
// whatever case.
// May throw std::bad_alloc.
bool names_person(std::string_view body, std::string_view identity);

// A body without the person. Absent if it is no JSON object, or too deep. May throw std::bad_alloc.
std::optional<std::string> erase_person(std::string_view body, const ErasedPerson& person);

}  // namespace calytics::core
