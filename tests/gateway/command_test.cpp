// The program itself: its flags, exit codes, signals and log.
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <simdjson.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway_fixture.hpp"

namespace calytics::gateway::test {
namespace {

using std::chrono::milliseconds;

struct Outcome {
  int code = -1;
  std::string output;  // stdout and stderr
};

class Command : public GatewayFixture {
 protected:
  void SetUp() override {
    GatewayFixture::SetUp();
    std::string pattern = "/tmp/calytics-command-test.XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { run_apart("rm -rf " + directory_); }

  std::string file(const std::string& name) const { return directory_ + "/" + name; }

  static std::string contents(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  Outcome run(const std::string& arguments, const std::string& environment = "") const {
    const auto log = file("output");
    const auto command = "env CALYTICS_GATEWAY_DATABASE_URL='" + database_url() + "' " +
                         environment + " " CALYTICS_GATEWAY_BINARY " " + arguments + " >" + log +
                         " 2>&1";
    const int code = run_apart(command);
    return {code, contents(log)};
  }

  // Starts the program on a free port, its log in file("log"); waits until it listens.
  pid_t launch(std::string& address) const {
    const auto ready = file("ready");
    const auto log = file("log");
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::setenv("CALYTICS_GATEWAY_DATABASE_URL", database_url().c_str(), 1);
      if (std::freopen(log.c_str(), "w", stderr) == nullptr) std::_Exit(1);
      ::execl(CALYTICS_GATEWAY_BINARY, CALYTICS_GATEWAY_BINARY, "--port", "0", "--ready-file",
              ready.c_str(), nullptr);
      std::_Exit(127);
    }
    for (int i = 0; i < 500 && address.empty(); ++i) {
      std::this_thread::sleep_for(milliseconds(20));
      std::ifstream(ready) >> address;
    }
    return pid;
  }

 private:
  std::string directory_;
};

TEST_F(Command, HelpExplainsEachSetting) {
  const auto help = run("--help");
  EXPECT_EQ(help.code, 0);
  for (const auto& setting : setting_table()) {
    EXPECT_NE(help.output.find("--" + setting.flag), std::string::npos) << setting.flag;
    for (const auto& name : setting.environment)
      EXPECT_NE(help.output.find(name), std::string::npos) << name;
  }
}

TEST_F(Command, BadUsageIsNamedAndExits64) {
  EXPECT_EQ(run("--no-such-flag").code, 64);
  EXPECT_EQ(run("stray").code, 64);
  EXPECT_EQ(run("--port=x").code, 64);
  EXPECT_EQ(run("--port").code, 64);
  EXPECT_EQ(run("--check", "CALYTICS_MAX_BODY=big").code, 64);
  EXPECT_NE(run("--check", "CALYTICS_MAX_BODY=big").output.find("CALYTICS_MAX_BODY"),
            std::string::npos);
  EXPECT_EQ(run("--check --config /no/such/file").code, 64);
  std::ofstream(file("config")) << "max-bodi = 1\n";
  EXPECT_EQ(run("--check --config " + file("config")).code, 64);
}

TEST_F(Command, ReadsAFileOfSettings) {
  std::ofstream(file("config")) << "# comment\nmax-body = 2MiB\nport = 70000\n";
  const auto outcome = run("--check --config=" + file("config"));
  EXPECT_EQ(outcome.code, 64);
  EXPECT_NE(outcome.output.find("configuration file: port"), std::string::npos) << outcome.output;
  EXPECT_EQ(run("--check --port 1 --config=" + file("config")).code, 0);
}

TEST_F(Command, CheckTellsWhetherAllIsWell) {
  const auto well = run("--check");
  EXPECT_EQ(well.code, 0) << well.output;
  EXPECT_NE(well.output.find("200"), std::string::npos);
  const auto ill = run("--check --database-url postgresql://nobody:hunter2@127.0.0.1:1/none");
  EXPECT_EQ(ill.code, 1);
  EXPECT_EQ(ill.output.find("hunter2"), std::string::npos);
}

TEST_F(Command, APortInUseIsSaidSo) {
  start();
  const auto address = gateway().address();
  const auto outcome = run("--port " + address.substr(address.find(':') + 1));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.output.find("in use"), std::string::npos) << outcome.output;
}

TEST_F(Command, StopsInGoodOrderAtASignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    std::string address;
    const auto pid = launch(address);
    ASSERT_NE(address, "");
    Client client(address);
    client.send("GET /sleep?0.5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    std::this_thread::sleep_for(milliseconds(200));
    ::kill(pid, signal);
    EXPECT_EQ(client.read().status, 200);
    client.socket().close();
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    std::remove(file("ready").c_str());
  }
}

TEST_F(Command, LogsOneJsonObjectALineAndNoSecrets) {
  std::string address;
  const auto pid = launch(address);
  ASSERT_NE(address, "");
  Client client(address);
  client.request(
      "POST /nothing?hunter2 HTTP/1.1\r\nHost: a\r\nAuthorization: hunter2\r\nX-Request-Id: "
      "known\r\n"
      "Content-Length: 7\r\n\r\nhunter2");
  client.get("/raise?22012");
  client.get("/" + std::string(5000, 'p') + "\"");
  client.socket().close();
  ::kill(pid, SIGTERM);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);

  std::ifstream log(file("log"));
  simdjson::dom::parser parser;
  bool seen = false;
  for (std::string line; std::getline(log, line);) {
    simdjson::dom::object object;
    ASSERT_EQ(parser.parse(line).get(object), simdjson::SUCCESS) << line;
    EXPECT_LT(line.size(), 1000U);
    EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
    std::string_view id;
    if (object["id"].get(id) != simdjson::SUCCESS || id != "known") continue;
    seen = true;
    EXPECT_EQ(std::string_view(object["path"]), "/nothing");
    EXPECT_EQ(std::int64_t(object["status"]), 200);
    EXPECT_EQ(std::string_view(object["peer"]), "127.0.0.1");
    EXPECT_GE(double(object["ms"]), 0);
  }
  EXPECT_TRUE(seen);
}

}  // namespace
}  // namespace calytics::gateway::test
