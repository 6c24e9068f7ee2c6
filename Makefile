# The front door.
#
# `make`, `make install`, `make installcheck`, `make clean` are PGXS's own, for the extension alone:
# they need a PostgreSQL with its server headers, simdjson and OpenSSL, and honour PG_CONFIG, DESTDIR,
# PGHOST and so on. Everything else is a script in gateway/ops; `make help` lists it.

.DEFAULT_GOAL := all

ops := gateway/ops
front := help deps gateway deb run stop restart psql logs demo check sanitize bench lint format
pgxs_goals := all install uninstall installcheck clean distclean

# PGXS is read only for its own goals: a bare machine, where `make run` starts, has none. It would also
# claim the name `check`.
ifneq (,$(filter $(front),$(MAKECMDGOALS)))

.PHONY: $(front) $(pgxs_goals)

help: ## list these targets
	@$(ops)/help.sh $(firstword $(MAKEFILE_LIST))

deps: ## install what `make run` needs from Debian's packages
	@$(ops)/deps.sh run

gateway: ## build the gateway (CMake)
	@$(ops)/build.sh gateway

deb: ## build Debian packages of extension and gateway into build/deb
	@$(ops)/deb.sh

run: ## install, build and start everything, and print where it is
	@$(ops)/run.sh

stop: ## stop what `make run` started; data stays
	@$(ops)/stop.sh

restart: ## stop, then run
	@$(ops)/stop.sh
	@$(ops)/run.sh

psql: ## a SQL prompt on the running database
	@$(ops)/psql.sh

logs: ## follow the logs of gateway and database
	@$(ops)/logs.sh

demo: ## fill it with a studio's year, visits and signed webhooks, through the gateway
	@$(ops)/demo.sh

check: ## build, lint and run every test
	@$(ops)/check.sh

sanitize: ## test gateway and core with ThreadSanitizer, AddressSanitizer and UBSan
	@$(ops)/sanitize.sh

bench: ## measure ingest and reading; CALYTICS_BENCH_BOOKINGS says how large
	@$(ops)/bench.sh

lint: ## clang-format, clang-tidy, shellcheck, TypeScript
	@$(ops)/lint.sh

format: ## reformat all C++ in place
	@$(ops)/lint.sh --fix

$(filter $(pgxs_goals),$(MAKECMDGOALS)):
	@$(MAKE) --no-print-directory $@

else

EXTENSION = extension/calytics
extension_version := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)

MODULE_big = calytics
sources := $(sort $(wildcard extension/core/*/*.cpp extension/glue/*.cpp extension/glue/*/*.cpp))
OBJS = $(sources:%.cpp=build/%.o)
DATA_built = extension/calytics--$(extension_version).sql
SHLIB_LINK = -lsimdjson -lcrypto -llz4 -lz -lstdc++

# Tests share one database, into which pg_regress has loaded the extension.
REGRESS = $(patsubst regress/sql/%.sql,%,$(sort $(wildcard regress/sql/*.sql)))
regress_output = regress
REGRESS_OPTS = --inputdir=regress --outputdir=build/$(regress_output) --load-extension=hll --load-extension=calytics
ISOLATION = $(patsubst regress/specs/%.spec,%,$(sort $(wildcard regress/specs/*.spec)))
ISOLATION_OPTS = --inputdir=regress --outputdir=build/isolation --load-extension=hll --load-extension=calytics
REGRESS_PREP = regress-dirs
EXTRA_CLEAN = build

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq (,$(wildcard $(PGXS)))
$(error $(PG_CONFIG) finds no PGXS: install postgresql-server-dev-NN (`make deps` does), or set PG_CONFIG)
endif

# Bitcode lets PostgreSQL's JIT inline a module's functions into expressions. Ours call OpenSSL and
# simdjson on whole documents, with nothing to win from that, and building it needs one exact clang.
override with_llvm = no
include $(PGXS)

# PostgreSQL's headers come through -isystem: they are C, and not written for our warnings. Before 16
# PGDLLEXPORT is empty, yet with hidden visibility what SQL calls must be exported by name. NDEBUG, because an assertion in
# a library must not take a database server down.
extension_flags := -std=c++20 -DNDEBUG -fvisibility=hidden -Wall -Wextra -Werror -Wno-register \
	-isystem $(shell $(PG_CONFIG) --includedir-server) \
	'-DPGDLLEXPORT=__attribute__((visibility("default")))'

compile := $(CXX) $(CXXFLAGS) $(CPPFLAGS) $(extension_flags) -Iextension -MMD -MP

# PostgreSQL's headers, with which all of glue/ begins, are parsed once.
door := build/extension/pg.hpp
$(door).gch: extension/glue/pg/pg.hpp Makefile
	@mkdir -p $(@D)
	@echo '#include "extension/glue/pg/pg.hpp"' >$(door)
	$(compile) -x c++-header -o $@ $(door)

$(filter build/extension/glue/%,$(OBJS)): $(door).gch
$(filter build/extension/glue/%,$(OBJS)): door_first = -include $(door)

$(OBJS): build/%.o: %.cpp Makefile
	@mkdir -p $(@D)
	$(compile) $(door_first) -c -o $@ $<

-include $(OBJS:.o=.d) $(door).d

# sql/order lists the files of sql/ in the order in which they are run.
sql_files := $(shell sed 's/\#.*//' sql/order | awk 'NF { print "sql/" $$1 }')

# Files for browsers, a row each, without what only their readers need: comments, and spaces where no one sees them.
web_files := $(sort $(wildcard extension/web/*.js))
squeeze := sed -e '/^ *\/\//d' -e 's/^ *//' -e 's/ *\([-=+<>?:,{}();&|*]\) */\1/g'

# The dashboard's page is bundled by what npm brings (extension/web/dashboard/build.mjs).
dashboard := extension/web/dashboard
dashboard_files := build/dashboard/files.sql
dashboard_sources := $(shell find $(dashboard) -name node_modules -prune -o -type f -print)

$(dashboard)/node_modules/.package-lock.json: $(dashboard)/package.json $(dashboard)/package-lock.json
	cd $(dashboard) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(dashboard_files): $(dashboard_sources) $(dashboard)/node_modules/.package-lock.json
	node $(dashboard)/build.mjs $(@D)

$(DATA_built): sql/order $(sql_files) $(web_files) $(dashboard_files) Makefile
	@{ printf '%s\n' '\echo Use "create extension calytics" to load this file. \quit'; \
	   for file in $(sql_files); do echo; cat $$file; done; \
	   for file in $(web_files); do \
	     printf "\ninsert into calytics.web_file (path, content_type, body) values\n"; \
	     printf "  ('/%s', 'text/javascript; charset=utf-8', convert_to(\$$web\$$" "$${file##*/}"; \
	     $(squeeze) $$file; printf "\$$web\$$, 'UTF8'));\n"; \
	   done; echo; cat $(dashboard_files); } >$@.new && mv $@.new $@

.PHONY: regress-dirs
regress-dirs:
	@mkdir -p build/$(regress_output) build/isolation

endif
