#include "http_fetcher.hpp"

#include <array>
#include <istream>
#include <memory>

#include <Poco/Exception.h>
#include <Poco/Net/HTTPMessage.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Timespan.h>
#include <Poco/URI.h>

#include "text.hpp"

namespace calytics::gateway {
namespace {

using Poco::Net::Context;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPSClientSession;

constexpr long kConnectSeconds = 10;
constexpr long kSendSeconds = 15;
constexpr long kReceiveSeconds = 30;
constexpr int kChainLength = 9;

std::unique_ptr<HTTPClientSession> session_to(const Poco::URI& uri, const Context::Ptr& tls) {
  if (uri.getScheme() == "https")
    return std::make_unique<HTTPSClientSession>(uri.getHost(), uri.getPort(), tls);
  if (uri.getScheme() == "http")
    return std::make_unique<HTTPClientSession>(uri.getHost(), uri.getPort());
  throw Poco::UnknownURISchemeException(uri.getScheme());
}

}  // namespace

// The session under way, known for as long as it is.
class HttpFetcher::Session {
 public:
  Session(HttpFetcher& fetcher, HTTPClientSession& session) : fetcher_(fetcher) {
    const std::scoped_lock lock(fetcher_.mutex_);
    if (fetcher_.aborted_) throw Poco::IOException("stopped");
    fetcher_.session_ = &session;
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    const std::scoped_lock lock(fetcher_.mutex_);
    fetcher_.session_ = nullptr;
  }

 private:
  HttpFetcher& fetcher_;
};

HttpFetcher::HttpFetcher(std::size_t max_body)
    : max_body_(max_body),
      tls_(new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_STRICT, kChainLength, true)) {}

Fetched HttpFetcher::get(const std::string& url, const std::vector<Header>& headers) {
  Fetched fetched;
  try {
    const Poco::URI uri(url);
    const auto session = session_to(uri, tls_);
    session->setTimeout(Poco::Timespan(kConnectSeconds, 0), Poco::Timespan(kSendSeconds, 0),
                        Poco::Timespan(kReceiveSeconds, 0));
    const Session under_way(*this, *session);
    read(*session, uri.getPathAndQuery(), headers, fetched);
  } catch (const Poco::Exception& error) {
    fetched = {};
    fetched.problem = as_utf8(error.displayText());
  }
  return fetched;
}

void HttpFetcher::abort() {
  const std::scoped_lock lock(mutex_);
  aborted_ = true;
  if (session_ != nullptr) session_->abort();
}

void HttpFetcher::read(HTTPClientSession& session, const std::string& path,
                       const std::vector<Header>& headers, Fetched& fetched) const {
  Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, path.empty() ? "/" : path,
                                 Poco::Net::HTTPMessage::HTTP_1_1);
  for (const auto& header : headers)
    request.set(header.name, header.value);
  session.sendRequest(request);
  Poco::Net::HTTPResponse response;
  std::istream& body = session.receiveResponse(response);
  std::array<char, 16 * 1024> buffer{};
  while (body.read(buffer.data(), buffer.size()) || body.gcount() > 0) {
    fetched.body.append(buffer.data(), static_cast<std::size_t>(body.gcount()));
    if (fetched.body.size() > max_body_)
      throw Poco::DataException("the answer is longer than " + std::to_string(max_body_) +
                                " bytes");
  }
  if (response.hasContentLength() &&
      fetched.body.size() != static_cast<std::size_t>(response.getContentLength64()))
    throw Poco::DataException("the answer is cut off");
  fetched.status = response.getStatus();
  for (const auto& [name, value] : response)
    fetched.headers.push_back({to_lower(name), as_utf8(value)});
}

}  // namespace calytics::gateway
