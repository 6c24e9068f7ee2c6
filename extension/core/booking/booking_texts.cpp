#include "core/booking/booking_texts.hpp"

#include "core/booking/registers.hpp"

namespace calytics::core {
namespace {

auto texts(auto& b) {
  return std::tie(b.told_at, b.title, b.location, b.notes, b.answers, b.metadata);
}
auto reason(auto& b) {
  return std::tie(b.reason_at, b.reason);
}

}  // namespace

BookingTexts join(const BookingTexts& a, const BookingTexts& b) noexcept {
  BookingTexts joined = a;
  keep_latest(texts(joined), texts(b));
  keep_latest(reason(joined), reason(b));
  return joined;
}

}  // namespace calytics::core
