// The command line: settings in, a running gateway out.
//
// Exit codes: 0 stopped in good order, or --check found all well; 64 bad usage; 1 anything else.

#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include <Poco/AutoPtr.h>
#include <Poco/Exception.h>
#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/Option.h>
#include <Poco/Util/OptionSet.h>
#include <Poco/Util/PropertyFileConfiguration.h>
#include <Poco/Util/ServerApplication.h>
#include <unistd.h>

#include "database.hpp"
#include "gateway.hpp"
#include "log.hpp"
#include "settings.hpp"

namespace calytics::gateway {
namespace {

constexpr int kUsage = 64;
constexpr const char* kConfigVariable = "CALYTICS_CONFIG";

std::string describe(const Setting& setting) {
  std::string text = setting.help + " [";
  for (const auto& name : setting.environment)
    text += name + ", ";
  return text + "default " + (setting.default_value.empty() ? "empty" : setting.default_value) +
         "]";
}

Values read_file(const std::string& path) {
  Values values;
  try {
    const Poco::AutoPtr<Poco::Util::PropertyFileConfiguration> file(
        new Poco::Util::PropertyFileConfiguration(path));
    std::vector<std::string> keys;
    file->keys(keys);
    for (const auto& key : keys)
      values[key] = file->getRawString(key);
  } catch (const Poco::Exception& error) {
    throw SettingError("configuration file: " + error.displayText());
  }
  return values;
}

class Application : public Poco::Util::ServerApplication {
 public:
  // The settings, once init() has read the command line; throws SettingError.
  void load() {
    if (!flags_.contains("config"))
      if (const char* path = std::getenv(kConfigVariable); path != nullptr && *path != '\0')
        flags_["config"] = path;
    const auto file = flags_.contains("config") ? read_file(flags_["config"]) : Values{};
    settings_ = load_settings(
        flags_, [](const char* name) { return std::getenv(name); }, file);
    set_log_level(settings_.log_level);
  }
  bool wants_help() const { return help_; }
  int execute() { return run(); }

  void print_help() const {
    Poco::Util::HelpFormatter formatter(options());
    formatter.setCommand(commandName());
    formatter.setUsage("[options]");
    formatter.setHeader(
        "Serves HTTP and has cal.http in PostgreSQL answer each request. A setting may be given as "
        "a "
        "flag, as an environment variable, or in a file under its flag's name (max-body = 1MiB); a "
        "flag beats the environment, which beats the file. Durations: 250ms, 10s, 5min, 1h; a bare "
        "number counts seconds. Sizes: 4096, 32KiB, 1MiB, 1GiB; a bare number counts bytes.");
    formatter.setWidth(100);
    formatter.setUnixStyle(true);
    formatter.format(std::cout);
  }

 protected:
  void defineOptions(Poco::Util::OptionSet& options) override {
    using Poco::Util::Option;
    options.addOption(Option("help", "h", "print this and exit"));
    options.addOption(
        Option("check", "",
               "connect to the database, call cal.http for GET /api/cal/health, print "
               "the answer, and exit: 0 if its status is 200, else 1"));
    options.addOption(Option("config", "",
                             "file of settings, key = value a line [" +
                                 std::string(kConfigVariable) + ", default none]")
                          .argument("PATH"));
    for (const auto& setting : setting_table())
      options.addOption(Option(setting.flag, "", describe(setting)).argument(setting.argument));
  }

  void handleOption(const std::string& name, const std::string& value) override {
    if (name == "help") {
      help_ = true;
      stopOptionsProcessing();
    } else if (name == "check") {
      check_ = true;
    } else {
      flags_[name] = value;
    }
  }

  // NOLINTNEXTLINE(bugprone-exception-escape): Poco's name for it; an ordinary member function.
  int main(const std::vector<std::string>& arguments) override {
    if (!arguments.empty()) {
      std::cerr << "unexpected argument: " << arguments.front() << "\nTry --help.\n";
      return kUsage;
    }
    return check_ ? check() : serve();
  }

 private:
  int check() const {
    if (!settings_.read_url.empty() && check(settings_.read_url) != EXIT_SUCCESS)
      return EXIT_FAILURE;
    return check(settings_.database_url);
  }

  int check(const std::string& url) const {
    Database database(settings_.db_timeout, true, std::stop_token());
    DatabaseError error;
    const auto deadline = Clock::now() + settings_.db_timeout;
    if (!database.connect(url, deadline, error)) {
      std::cerr << "database: " << error.message << '\n';
      return EXIT_FAILURE;
    }
    const auto result = database.call({"GET", "/api/cal/health", "", "{}", ""}, deadline);
    if (const auto* failure = std::get_if<DatabaseError>(&result)) {
      std::cerr << "cal.http: " << failure->sqlstate << ' ' << failure->message << '\n';
      return EXIT_FAILURE;
    }
    const auto& answer = std::get<Answer>(result);
    std::cout << answer.status << ' ' << answer.body << '\n';
    return answer.status == 200 ? EXIT_SUCCESS : EXIT_FAILURE;
  }

  int serve() {
    // Blocked before there are threads, so that these signals wait for waitForTerminationRequest().
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGQUIT})
      sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    // Whoever reads the log may go; that must not end the gateway.
    std::signal(SIGPIPE, SIG_IGN);
    try {
      return serve_until_signal();
    } catch (const Poco::Exception& error) {
      LogLine(LogLevel::error, "failed").text("reason", error.displayText());
    } catch (const std::exception& error) {
      LogLine(LogLevel::error, "failed").text("reason", error.what());
    }
    return EXIT_FAILURE;
  }

  int serve_until_signal() {
    Gateway gateway(settings_);
    LogLine(LogLevel::info, "listening").text("address", gateway.address());
    if (!settings_.ready_file.empty()) {
      std::ofstream file(settings_.ready_file, std::ios::trunc);
      file << gateway.address() << '\n';
      if (!file.flush()) throw Poco::WriteFileException(settings_.ready_file);
    }
    waitForTerminationRequest();
    LogLine(LogLevel::info, "stopping").number("within_ms", settings_.shutdown_timeout.count());
    const bool finished = gateway.stop();
    LogLine(finished ? LogLevel::info : LogLevel::error, "stopped").number("finished", finished);
    return finished ? EXIT_SUCCESS : EXIT_FAILURE;
  }

  Settings settings_;
  Values flags_;
  bool help_ = false;
  bool check_ = false;
};

int run(int argc, char** argv) {
  Application application;
  try {
    application.init(argc, argv);
    if (application.wants_help()) {
      application.print_help();
      return EXIT_SUCCESS;
    }
    application.load();
  } catch (const Poco::Exception& error) {
    std::cerr << argv[0] << ": " << error.displayText() << "\nTry --help.\n";
    return kUsage;
  } catch (const SettingError& error) {
    std::cerr << argv[0] << ": " << error.what() << "\nTry --help.\n";
    return kUsage;
  }
  return application.execute();
}

}  // namespace
}  // namespace calytics::gateway

int main(int argc, char** argv) {
  try {
    return calytics::gateway::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << argv[0] << ": " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
