#include "core/tracking/user_agent.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/text/ascii.hpp"
#include "core/text/text.hpp"

namespace calytics::core {

namespace {

// In lower case, for bots write themselves as they please.
constexpr auto kBotWords = std::to_array<std::string_view>({
    "bot",           "crawl",       "spider",     "slurp",           "headless",
    "lighthouse",    "curl/",       "wget",       "python",          "facebookexternalhit",
    "preview",       "scrapy",      "phantomjs",  "puppeteer",       "playwright",
    "selenium",      "http-client", "httpclient", "okhttp",          "axios/",
    "node-fetch",    "undici",      "java/",      "libwww",          "pingdom",
    "uptime",        "monitor",     "gtmetrix",   "pagespeed",       "inspectiontool",
    "mediapartners", "feedfetcher", "postman",    "insomnia",        "validator",
    "archiver",      "whatsapp/",   "embedly",    "facebookcatalog", "scanner",
    "fetcher",       "probe",
});

struct BrowserWord {
  std::string_view word;
  Browser browser;
};

// The first that is found counts: most browsers also claim to be Chrome or Safari.
constexpr auto kBrowserWords = std::to_array<BrowserWord>({
    {"Edg", Browser::edge},
    {"OPR/", Browser::opera},
    {"OPT/", Browser::opera},
    {"OPiOS/", Browser::opera},
    {"Opera", Browser::opera},
    {"SamsungBrowser", Browser::samsung},
    {"Firefox/", Browser::firefox},
    {"FxiOS", Browser::firefox},
    {"CriOS", Browser::chrome},
    {"Chrome/", Browser::chrome},
    {"Chromium/", Browser::chrome},
    {"MSIE ", Browser::internet_explorer},
    {"Trident/", Browser::internet_explorer},
    {"Safari/", Browser::safari},
    {"AppleWebKit/", Browser::safari},
});

bool has(std::string_view text, std::string_view word) noexcept {
  return text.find(word) != std::string_view::npos;
}

bool is_bot(std::string_view text) noexcept {
  if (trim_ascii(text).empty()) return true;
  std::array<char, 512> buffer;
  const std::string_view part = text.substr(0, buffer.size());
  std::ranges::transform(part, buffer.begin(), to_lower);
  const std::string_view lower(buffer.data(), part.size());
  return std::ranges::any_of(kBotWords, [lower](std::string_view word) {
    const std::size_t place = lower.find(word);
    if (place == std::string_view::npos) return false;
    // Cubot makes phones.
    const bool phone = word == "bot" && place >= 2 && lower.substr(place - 2, 2) == "cu";
    return !phone || has(lower.substr(place + 1), word);
  });
}

Device device_of(std::string_view text) noexcept {
  const bool mobile = has(text, "Mobi");
  const bool android = has(text, "Android");
  if (has(text, "iPad") || has(text, "Tablet") || has(text, "Kindle") || has(text, "Silk/") ||
      (android && !mobile)) {
    return Device::tablet;
  }
  if (mobile || android || has(text, "iPhone") || has(text, "iPod") || has(text, "Opera Mini") ||
      has(text, "Windows Phone")) {
    return Device::mobile;
  }
  if (has(text, "Windows") || has(text, "Macintosh") || has(text, "Linux") || has(text, "X11") ||
      has(text, "CrOS")) {
    return Device::desktop;
  }
  return Device::unknown;
}

}  // namespace

UserAgent classify_user_agent(std::string_view text) noexcept {
  UserAgent agent;
  agent.bot = is_bot(text);
  if (agent.bot) return agent;
  agent.device = device_of(text);
  const auto* found = std::ranges::find_if(
      kBrowserWords, [text](const BrowserWord& candidate) { return has(text, candidate.word); });
  if (found != kBrowserWords.end()) agent.browser = found->browser;
  return agent;
}

std::string_view name_of(Device device) noexcept {
  constexpr std::array<std::string_view, 4> kNames = {"", "desktop", "mobile", "tablet"};
  return kNames[static_cast<std::size_t>(device)];
}

std::string_view name_of(Browser browser) noexcept {
  constexpr std::array<std::string_view, 8> kNames = {
      "other", "chrome", "edge", "firefox", "internet explorer", "opera", "safari", "samsung"};
  return kNames[static_cast<std::size_t>(browser)];
}

}  // namespace calytics::core
