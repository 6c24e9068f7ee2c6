#include "gateway_fixture.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include <libpq-fe.h>
#include <sys/wait.h>
#include <unistd.h>

namespace calytics::gateway::test {

std::string GatewayFixture::database_url() {
  const char* url = std::getenv("CALYTICS_TEST_DATABASE_URL");
  if (url == nullptr)
    throw std::runtime_error("no CALYTICS_TEST_DATABASE_URL: use with_cluster.sh");
  return url;
}

std::string GatewayFixture::sql(const std::string& statement) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(database_url().c_str()),
                                                                PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(
      PQexec(connection.get(), statement.c_str()), PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    throw std::runtime_error(PQerrorMessage(connection.get()));
  return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
}

bool GatewayFixture::cluster(const std::string& action) {
  const char* pg_ctl = std::getenv("CALYTICS_TEST_CLUSTER");
  if (pg_ctl == nullptr) return false;
  const auto command = std::string(pg_ctl) + " -w " + action + " >/dev/null 2>&1";
  return run_apart(command) == 0;
}

std::vector<pid_t> GatewayFixture::backends() {
  std::istringstream pids(
      sql("select string_agg(pid::text, ' ') from pg_stat_activity"
          " where application_name = 'calytics-gateway'"));
  return {std::istream_iterator<pid_t>(pids), {}};
}

pid_t GatewayFixture::postmaster() {
  return std::stoi(sql("select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)"));
}

GatewayFixture::Stopped::Stopped(std::vector<pid_t> pids) : pids_(std::move(pids)) {
  for (const auto pid : pids_)
    if (::kill(pid, SIGSTOP) != 0) ADD_FAILURE() << "process " << pid << " can't be stopped";
}

GatewayFixture::Stopped::~Stopped() {
  for (const auto pid : pids_)
    ::kill(pid, SIGCONT);
}

int GatewayFixture::run_apart(const std::string& command) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    std::_Exit(127);
  }
  int status = 0;
  if (pid < 0 || ::waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

double GatewayFixture::seconds(const std::function<void()>& work) {
  const auto begin = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void GatewayFixture::SetUp() {
  set_log_level(LogLevel::error);
  std::ifstream file(CALYTICS_TEST_SQL);
  std::stringstream script;
  script << file.rdbuf();
  sql("set client_min_messages = warning; drop schema if exists cal cascade");
  sql(script.str());
}

void GatewayFixture::start(const std::function<void(Settings&)>& change) {
  auto settings = load_settings({}, [](const char*) { return nullptr; }, {});
  settings.database_url = database_url();
  settings.port = 0;
  change(settings);
  gateway_ = std::make_unique<Gateway>(std::move(settings));
}

}  // namespace calytics::gateway::test
