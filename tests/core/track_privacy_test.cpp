// What is kept of whom: clients, visitors and users, and properties without personal data.

#include "track_run.hpp"

namespace calytics::core {
namespace {

TEST(TrackParser, UserAgents) {
  TrackContext context;
  EXPECT_FALSE(row_with("", context, testing::track_options()).bot);
  EXPECT_FALSE(row_with("", context, testing::track_options()).browser);
  context.user_agent = "";
  EXPECT_TRUE(row_with("", context, testing::track_options()).bot);
  EXPECT_FALSE(
      row_with(R"("userAgent":"Mozilla/5.0 Firefox/121.0")", context, testing::track_options())
          .bot);
}

TEST(TrackParser, Addresses) {
  TrackOptions options = testing::track_options();
  const auto ip = [&](std::string_view address) {
    const auto members = "\"ipAddress\":\"" + std::string(address) + '"';
    return std::string(row_with(members, {}, options).ip_address.value_or("absent"));
  };
  EXPECT_EQ(ip("192.0.2.77"), "192.0.2.0");
  EXPECT_EQ(ip("::ffff:192.0.2.77"), "192.0.2.0");
  EXPECT_EQ(ip("2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
  EXPECT_EQ(ip("nonsense"), "absent");
  options.anonymize_ip = false;
  EXPECT_EQ(ip("192.0.2.77"), "192.0.2.77");
}

TEST(TrackParser, TheWholeAddressIsNowhere) {
  const TrackedEvent row = row_with(
      R"("ipAddress":"192.0.2.77","userId":"u","serviceId":"192.0.2.77","url":"/a?x=192.0.2.77&y=192%2E0.2.77",
         "referrer":"https://x.example/192.0.2.77","experiment":"192.0.2.77",
         "properties":{"client":"192.0.2.77","192.0.2.77":1,"list":["a 192.0.2.77 b"],"ip":"x"})");
  EXPECT_EQ(testing::all_texts(row).find("192.0.2.77"), std::string::npos)
      << testing::all_texts(row);
  EXPECT_EQ(row.removed.of(PersonalData::ip_address), 9U);
}

TEST(TrackParser, VisitorsAreOfTheWholeAddress) {
  const auto visitor = [](std::string_view ip, std::string_view salt = "today's salt") {
    TrackOptions options = testing::track_options();
    options.visitor_salt = salt;
    TrackContext context = testing::track_context();
    context.ip_address = ip;
    return row_with("", context, options).visitor;
  };
  EXPECT_EQ(visitor("203.0.113.77"), visitor("203.0.113.77"));
  EXPECT_EQ(visitor("203.0.113.77"), visitor("::ffff:203.0.113.77"));
  EXPECT_NE(visitor("203.0.113.77"), visitor("203.0.113.78"));
  EXPECT_NE(visitor("203.0.113.77"), visitor("203.0.113.77", "tomorrow's salt"));
  EXPECT_FALSE(visitor("203.0.113.77", ""));
  EXPECT_FALSE(visitor("nonsense"));
}

TEST(TrackParser, UsersArePseudonyms) {
  const TrackedEvent row = row_with(R"("userId":"ana@example.com")");
  EXPECT_TRUE(is_hmac(row.user, "a key of users", "ana@example.com"));
  EXPECT_TRUE(is_hmac(row_with(R"("userId":17)").user, "a key of users", "17"));
  EXPECT_FALSE(row_with(R"("userId":"")").user);
  TrackOptions options = testing::track_options();
  options.user_key = "";
  EXPECT_FALSE(row_with(R"("userId":"ana")", {}, options).user);
}

TEST(TrackParser, IdentifiersThatArePersonalAreHidden) {
  const std::string body =
      R"({"sessionId":"ana@example.com","eventType":"X","eventId":"+34600123456"})";
  const TrackBatch& batch = parse("[" + body + "," + body + "]");
  ASSERT_EQ(batch.events.size(), 2U);
  EXPECT_EQ(batch.events[0].session_id.size(), 32U);
  EXPECT_EQ(batch.events[0].session_id, batch.events[1].session_id);
  EXPECT_EQ(batch.events[0].event_id->size(), 32U);
  TrackOptions options = testing::track_options();
  options.user_key = "";
  EXPECT_EQ(parse(body, {}, options).rejects.size(), 1U);
}

TEST(TrackParser, Strict) {
  TrackOptions options = testing::track_options();
  options.strict = true;
  const TrackedEvent row = row_with(
      R"("userId":"u","url":"https://ink.example/s?utm_source=ig&a=1","referrer":"https://www.google.com/search?q=x",
         "properties":{"utm_source":"ig","utmMedium":"x","gclid":"1","referrer":"https://x.example","page":"s",
                       "link":"https://y.example/p?utm_source=z"})",
      testing::track_context(), options);
  EXPECT_FALSE(row.visitor || row.user || row.ip_address || row.utm_source || row.utm_medium);
  EXPECT_EQ(row.url, "https://ink.example/s");
  EXPECT_EQ(row.referrer, "https://www.google.com");
  EXPECT_EQ(row.referrer_host, "www.google.com");
  EXPECT_EQ(row.properties, R"({"page":"s","link":"https://y.example/p"})");
  EXPECT_EQ(row.browser, Browser::chrome);
}

TEST(TrackParser, DoNotTrack) {
  TrackContext context = testing::track_context();
  context.do_not_track = true;
  const TrackBatch& batch = parse("[" + event_with("") + ",{}," + event_with("") + "]", context,
                                  testing::track_options());
  EXPECT_EQ(batch.status, TrackStatus::private_);
  EXPECT_EQ(batch.received, 3U);
  EXPECT_TRUE(batch.events.empty() && batch.rejects.empty());
  EXPECT_EQ(parse("[", context, testing::track_options()).status, TrackStatus::malformed);
}

TEST(TrackParser, PropertiesAreScrubbed) {
  EXPECT_EQ(properties_of(R"({ "a" : [ 1 , {"b" : "bob@example.com"} ] })"),
            R"({"a":[1,{"b":"[email]"}]})");
  EXPECT_EQ(properties_of(R"({"bob@example.com":1})"), R"({"[email]":1})");
  EXPECT_EQ(properties_of(R"({"a":"bob\u0040example.com"})"), R"({"a":"[email]"})");
  EXPECT_EQ(properties_of(R"({"a":"bob%40example.com"})"), R"({"a":"[email]"})");
  EXPECT_EQ(properties_of(R"({"a":"https:\/\/u:p@x.example\/?token=1&b=2#f"})"),
            R"({"a":"https://x.example/?token=[token]&b=2"})");
  EXPECT_EQ(
      properties_of(
          R"({"email":"x","first_name":"Ana","password":5,"phone":true,"address":{"a":1},"dob":null})"),
      R"({"email":"[email]","first_name":"[person]","password":"[token]","phone":true,"address":"[person]","dob":null})");
  EXPECT_EQ(properties_of(R"({"n":4111111111111111,"m":4111111111111112})"),
            R"({"n":"[card]","m":4111111111111112})");
  EXPECT_EQ(
      properties_of(R"({"order_id":"612345678","note":"612345678","orderIds":["612345678"]})"),
      R"({"order_id":"612345678","note":"[phone]","orderIds":["612345678"]})");
  const TrackedEvent row = row_with(R"("properties":{"a":"b@c.de +34600123456","d":"f@g.hi"})");
  EXPECT_EQ(row.removed.of(PersonalData::email), 2U);
  EXPECT_EQ(row.removed.of(PersonalData::phone), 1U);
}

TEST(TrackParser, PropertiesAreValidJson) {
  EXPECT_EQ(properties_of("{}"), "absent");
  EXPECT_EQ(
      properties_of(
          R"({"a":1.50,"b":-0,"c":1e5,"d":12345678901234567890,"e":0e-99999,"f":1e999,"g":tru,"h":01})"),
      R"({"a":1.50,"b":0,"c":1e5,"d":12345678901234567890,"e":0,"f":"1e999","g":null,"h":null})");
  EXPECT_EQ(properties_of(R"({"a":"\u0000","b":"\ud800","c":"\n\"\\"})"),
            "{\"a\":\"\xEF\xBF\xBD\",\"b\":\"\xEF\xBF\xBD\",\"c\":\"\\u000a\\\"\\\\\"}");
  EXPECT_EQ(properties_of("{\"a\":\"\xFF\"}"), "{\"a\":\"\xEF\xBF\xBD\"}");
}

TEST(TrackParser, LimitsOfProperties) {
  const std::string fitting = R"({"a":")" + std::string(8192 - 8, 'x') + "\"}";
  EXPECT_EQ(properties_of(fitting), fitting);
  EXPECT_TRUE(
      reason_against(event_with(R"("properties":{"a":")" + std::string(8192 - 7, 'x') + "\"}"))
          .starts_with("properties takes more than 8192 bytes"));
  const auto nested = [](std::size_t depth) {
    std::string arrays(depth, '[');
    return "{\"a\":" + arrays + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(properties_of(nested(15)), nested(15));
  EXPECT_TRUE(reason_against(event_with("\"properties\":" + nested(16)))
                  .starts_with("properties is nested deeper than 16 levels"));
}

TEST(TrackParser, ColumnsOutOfProperties) {
  const TrackedEvent row = row_with(
      R"("properties":{"experiment":"hero","variant":2,"utm_source":"ig","utmMedium":"a\u00f1o","utm_campaign":{"x":1},
         "deep":{"variant":"no"}})");
  EXPECT_EQ(row.experiment, "hero");
  EXPECT_EQ(row.variant, "2");
  EXPECT_EQ(row.utm_source, "ig");
  EXPECT_EQ(row.utm_medium, "a\xC3\xB1o");
  EXPECT_FALSE(row.utm_campaign);
  const TrackedEvent both = row_with(
      R"("variant":"top","url":"/?utm_source=url","properties":{"variant":"in","utm_source":"in"})");
  EXPECT_EQ(both.variant, "top");
  EXPECT_EQ(both.utm_source, "url");
}

TEST(TrackParser, HeadersMayHoldAnyBytes) {
  TrackContext context;
  context.user_agent = std::string_view("\xFF\0x", 3);
  context.url = std::string_view("/\xFF\0x", 4);
  context.referrer = std::string_view("https://\xFF\0x/\xFF", 12);
  context.user_id = "\xFF";
  context.ip_address = "\xFF";
  EXPECT_EQ(row_with("", context, testing::track_options()).url, "/\xEF\xBF\xBD\xEF\xBF\xBDx");
}

}  // namespace
}  // namespace calytics::core
