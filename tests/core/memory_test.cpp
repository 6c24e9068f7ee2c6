// What happens when memory runs out, at whichever allocation.
#include <cstdlib>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "core/booking/webhook_parser.hpp"
#include "core/tracking/track_parser.hpp"
#include "support.hpp"
#include "track_support.hpp"

namespace {

// How many more allocations succeed; negative is unlimited.
long allocations_left = -1;

}  // namespace

// All forms, lest a sanitizer's own be mixed with these.
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  if (allocations_left == 0) return nullptr;
  if (allocations_left > 0) --allocations_left;
  return std::malloc(size > 0 ? size : 1);
}

void* operator new(std::size_t size) {
  void* memory = operator new(size, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}

void* operator new[](std::size_t size) {
  return operator new(size);
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace calytics::core {
namespace {

const Webhook& parse_with(WebhookParser& parser, const std::string& body, long allocations) {
  allocations_left = allocations;
  const Webhook& row = parser.parse(body, testing::kPersonKey);
  allocations_left = -1;
  return row;
}

constexpr std::string_view kOutOfMemory =
    "envelope: unreadable\nkind: unreadable\nproblem: out of memory\n";

// Fails each allocation of a parse in turn, until one parse needs no more than it is given.
long failures_survived(const std::string& body, bool warm) {
  WebhookParser reference;
  const std::string expected = testing::describe(reference.parse(body, testing::kPersonKey));

  for (long allocations = 0;; ++allocations) {
    WebhookParser parser;
    if (warm) parser.parse(testing::payload("ping.json"), testing::kPersonKey);
    const Webhook& row = parse_with(parser, body, allocations);
    const std::string described = testing::describe(row);
    if (described == expected) return allocations;
    EXPECT_EQ(described, kOutOfMemory);
    EXPECT_EQ(testing::broken_promise(row), "");
    // With memory again, all is well again.
    EXPECT_EQ(testing::describe(parser.parse(body, testing::kPersonKey)), expected);
  }
}

TEST(Memory, RunningOutIsAnAnswer) {
  for (const std::string& name : testing::payload_names()) {
    const std::string body = testing::payload(name);
    EXPECT_GT(failures_survived(body, false), 0) << name;
    failures_survived(body, true);
  }
}

TEST(Memory, RunningOutWithEverySortOfText) {
  const std::string prose(20'000, 'x');
  const std::string body =
      R"({"triggerEvent":"BOOKING_CREATED","payload":{"uid":"\u0075","title":"\n)" + prose +
      "\xFF\",\"metadata\":{\"a\":\"" + prose + R"(","b":[{"c":1}]},"responses":{"q":{"value":")" +
      prose + R"("}},"team":{"members":[{"email":"a@x"}]},"attendees":[{"email":"\u0061@x"}]}})";
  EXPECT_GT(failures_survived(body, false), 5);
}

TEST(Memory, WarmParserHardlyAllocates) {
  WebhookParser parser;
  const std::string body = testing::payload("booking_requested_from_reschedule.json");
  parser.parse(body, testing::kPersonKey);
  constexpr long kPlenty = 1000;
  EXPECT_EQ(parse_with(parser, body, kPlenty).kind, Kind::booking);
  allocations_left = kPlenty;
  parser.parse(body, testing::kPersonKey);
  const long used = kPlenty - allocations_left;
  allocations_left = -1;
  EXPECT_LE(used, 4);
}

TEST(Memory, RunningOutWhileTrackingIsAnAnswer) {
  const std::string body =
      R"([{"sessionId":"ana@example.com","eventType":"X","url":"/a?b=c%40d.ef&utm_source=x+y",)"
      R"("properties":{"a":"\u0062@c.de","utm_source":"a long name of a campaign"},"userId":"u"},)"
      R"({"sessionId":"s","eventType":"bad","duration":-1}])";
  const TrackContext context = testing::track_context();
  const TrackOptions options = testing::track_options();
  for (long allocations = 0;; ++allocations) {
    TrackParser parser;
    allocations_left = allocations;
    const TrackBatch& batch = parser.parse(body, context, options);
    allocations_left = -1;
    EXPECT_EQ(testing::broken_promise(batch, options), "");
    if (batch.status == TrackStatus::judged) {
      EXPECT_GT(allocations, 5);
      EXPECT_EQ(batch.events.size(), 1U);
      break;
    }
    ASSERT_EQ(batch.status, TrackStatus::out_of_memory);
    EXPECT_EQ(parser.parse(body, context, options).status, TrackStatus::judged);
  }
}

}  // namespace
}  // namespace calytics::core
