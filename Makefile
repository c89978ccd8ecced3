# SPDX-License-Identifier: Apache-2.0
#
# pasta: build, check, install, measure. `make help` lists what there is.
# One file for the whole tree; everything that is made goes to $(BUILD), the sources stay clean.

VERSION := 0.1.0

SAN ?=
BUILD ?= $(if $(SAN),build/san,build)
V ?= 0
# Of pasta, where --workers doesn't say; 0: by the machine
WORKERS ?= 0
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

prefix ?= /usr/local
bindir ?= $(prefix)/bin
mandir ?= $(prefix)/share/man
licensedir ?= $(prefix)/share/licenses/pasta
docdir ?= $(prefix)/share/doc/pasta
unitdir ?= $(prefix)/lib/systemd
completionsdir ?= $(prefix)/share
DESTDIR ?=

# `make install` takes what `make` has built, with the flags and libraries that it was given then,
# whatever sudo has left of the environment: they are kept in $(BUILD)/flags.mk
REMEMBERED := CC CPPFLAGS CFLAGS LDFLAGS WERROR PKG_CFLAGS LIBS HOOK_CFLAGS HOOK_LIBS HTTP_CFLAGS HTTP_LIBS \
	IDN_CFLAGS IDN_LIBS
ifeq ($(filter-out install,$(MAKECMDGOALS))/$(filter install,$(MAKECMDGOALS)),/install)
recall = $(if $(filter undefined default file,$(origin $1)),$(eval $1 = $$(remembered_$1)))
-include $(BUILD)/flags.mk
endif

PKG_CONFIG ?= pkg-config
PKGS := libnl-3.0 libnl-route-3.0 libcap libseccomp
ifeq ($(origin PKG_CFLAGS),undefined)
HAVE_PKGS := $(shell $(PKG_CONFIG) --exists $(PKGS) 2>/dev/null && echo yes)
PKG_CFLAGS := $(if $(HAVE_PKGS),$(shell $(PKG_CONFIG) --cflags $(PKGS)))
LIBS := $(if $(HAVE_PKGS),$(shell $(PKG_CONFIG) --libs $(PKGS)))
# Only the OCI hook and the clients read JSON, and only pasta-portd speaks HTTP
HOOK_CFLAGS := $(shell $(PKG_CONFIG) --cflags jansson 2>/dev/null)
HOOK_LIBS := $(shell $(PKG_CONFIG) --libs jansson 2>/dev/null)
HTTP_CFLAGS := $(shell $(PKG_CONFIG) --cflags libmicrohttpd 2>/dev/null)
HTTP_LIBS := $(shell $(PKG_CONFIG) --libs libmicrohttpd 2>/dev/null)
# Without it, names of rules have to be ASCII. It is loaded by who has others: -ldl is for older C libraries
HAVE_IDN := $(shell $(PKG_CONFIG) --exists libidn2 2>/dev/null && echo yes)
IDN_CFLAGS := $(if $(HAVE_IDN),-DHAVE_LIBIDN2 $(shell $(PKG_CONFIG) --cflags libidn2))
IDN_LIBS := $(if $(HAVE_IDN),-ldl)
endif

# The user's flags come after ours, so that they win. Warnings are errors only where we look at them
# (.ci/run): a later compiler has others
CFLAGS ?= -O2 -g
WERROR ?=
OUR_CPPFLAGS := -I. -D_GNU_SOURCE -DPASTA_VERSION='"$(VERSION)"' -DWORKERS_AUTO=$(WORKERS) $(PKG_CFLAGS) \
	$(HOOK_CFLAGS) $(HTTP_CFLAGS) $(IDN_CFLAGS)
OUR_CFLAGS := -std=gnu11 -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla $(WERROR) -fPIE -fstack-protector-strong \
	-fstack-clash-protection -pthread
OUR_LDFLAGS := -pie -Wl,-z,relro,-z,now -pthread
ifneq ($(SAN),)
OUR_CFLAGS += -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
OUR_LDFLAGS += -fsanitize=$(SAN)
# gcc says that it doesn't follow fences: those are for a guest's memory, which no other thread has
OUR_CFLAGS += $(if $(findstring thread,$(SAN)),-Wno-tsan)
else ifeq ($(findstring _FORTIFY_SOURCE,$(CC) $(CPPFLAGS) $(CFLAGS)),)
# It takes optimization, and a level that the user asks for stands
ifneq ($(filter-out -O0,$(lastword $(filter -O%,$(CFLAGS)))),)
OUR_CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
endif
ifneq ($(FUZZER),)
OUR_CFLAGS += -fsanitize=fuzzer-no-link
endif

COMPILE = $(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS)
LINK = $(CC) $(OUR_CFLAGS) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS)
Q = $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-5s %s\n' '$(1)' '$(2)';)

SRC := $(wildcard pasta/*.c passt/*.c launch/*.c netns/*/*.c common/*/*.c)
HDR := $(wildcard pasta/*.h passt/*.h launch/*.h netns/*/*.h common/*/*.h hooks/*.h clients/*.h clients/*/*.h)
OBJ := $(SRC:%.c=$(BUILD)/%.o)
MAIN_OBJ := $(BUILD)/pasta/main.o $(BUILD)/passt/main.o
LIB_OBJ := $(filter-out $(MAIN_OBJ),$(OBJ))
HOOK_SRC := $(wildcard hooks/*.c)
HOOK_OBJ := $(HOOK_SRC:%.c=$(BUILD)/%.o)
CLIENT_SRC := $(wildcard clients/*.c clients/*/*.c)
CLIENT_OBJ := $(CLIENT_SRC:%.c=$(BUILD)/%.o)
COMMON_OBJ := $(filter $(BUILD)/common/%,$(OBJ))
UNIT := $(patsubst %.c,$(BUILD)/%,$(wildcard test/unit/test_*.c))
TOOLS := $(patsubst %.c,$(BUILD)/%,$(wildcard test/tools/*.c)) \
	$(patsubst %.c,$(BUILD)/%.so,$(wildcard test/tools/preload/*.c))
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard test/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 10
UNIT_NAMES := $(notdir $(UNIT))
RESULTS := $(BUILD)/results

# A target that needs packages runs `deps` first and then make again: pkg-config's answers above
# were read before the packages were there.
again = +$(Q)$(MAKE) --no-print-directory
# Compiling uses all cores, also when make was called without -j; running tests brings its own jobs
parallel = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j $(JOBS))

PROGRAMS := pasta passt pasta-oci-hook pastactl pesto pasta-portd
all: $(PROGRAMS:%=$(BUILD)/bin/%)
	@$(if $(IDN_LIBS),:,echo 'Without libidn2: names in rules of a policy have to be ASCII (xn--...)')

help:
	@echo 'make            build $(BUILD)/bin/: $(PROGRAMS)'
	@echo 'make deps       install what building, testing and the demo need'
	@echo 'make demo       see it work, on real traffic, without internet'
	@echo 'make check      build and run every test'
	@echo 'make unit       only the C unit tests'
	@echo 'make bats       only the end-to-end tests (BATS_FILES=..., BATS_FILTER=regex)'
	@echo 'make check-integration  with real container programs (INTEGRATION_FILES=..., BATS_FILTER=regex)'
	@echo 'make check-threads  what several workers share, by ThreadSanitizer'
	@echo 'make check-builds   with the flags of distributions, by clang, for musl and aarch64'
	@echo 'make check-apparmor  compare the profiles with what the tests do, by strace'
	@echo 'make analyze    clang-tidy, cppcheck, gcc -fanalyzer'
	@echo 'make fuzz       every fuzzer for FUZZ_SECONDS=$(FUZZ_SECONDS) each'
	@echo 'make bench      measure against the peers that are installed'
	@echo 'make bench-policy   measure new flows with a policy of 10,000 networks and 1,000 names'
	@echo 'make bench-control  measure how long requests take, and what they cost, while the tap is full'
	@echo 'make soak       everything at once for SOAK_SECONDS=$(SOAK_SECONDS), and nothing may be left of it'
	@echo 'make install    to prefix=$(prefix), below DESTDIR'
	@echo 'make static     build $(BUILD)/static/pasta, which needs no library'
	@echo 'make dist       $(BUILD)/dist/pasta-$(VERSION).tar.gz of what is committed (SIGN=KEY signs it)'
	@echo 'make check-packages  Debian and RPM packages of what is committed, below $(BUILD)/packages'
	@echo 'make completions  for bash, zsh and fish, below $(BUILD)/completions'
	@echo 'make clean      remove $(BUILD)'
	@echo
	@echo 'variables: BUILD=dir  V=1  CFLAGS=  SAN=address,undefined  JOBS=N  WORKERS=N  WERROR=-Werror'

# --- building ------------------------------------------------------------------------------------

PASTA_OBJ := $(filter-out $(BUILD)/passt/%,$(OBJ))
$(BUILD)/bin/pasta: $(PASTA_OBJ)
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -o $@ $^ $(LIBS) $(IDN_LIBS)

$(BUILD)/bin/passt: $(BUILD)/passt/main.o $(BUILD)/libpasta.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -o $@ $^ $(LIBS) $(IDN_LIBS)

$(BUILD)/bin/pasta-oci-hook: $(HOOK_OBJ)
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -o $@ $^ $(HOOK_LIBS)

# Of common, only what has no engine; of launch, what pastactl does in place of a running pasta
CLIENT_SHARED := $(patsubst %.c,$(BUILD)/%.o,$(wildcard clients/*.c))
$(BUILD)/bin/pastactl: $(filter $(BUILD)/clients/pastactl/%,$(CLIENT_OBJ)) $(BUILD)/launch/idna.o
$(BUILD)/bin/pastactl: HOOK_LIBS += $(IDN_LIBS)
$(BUILD)/bin/pesto: $(filter $(BUILD)/clients/pesto/%,$(CLIENT_OBJ))
$(BUILD)/bin/pastactl $(BUILD)/bin/pesto: $(CLIENT_SHARED) $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(HOOK_LIBS)

# It starts and locks itself in as pasta does, so it takes some of that
PORTD_LIBS = -Wl,--as-needed $(LIBS) $(HOOK_LIBS) $(HTTP_LIBS) $(IDN_LIBS)
$(BUILD)/bin/pasta-portd: $(BUILD)/clients/portd/main.o $(BUILD)/libportd.a $(BUILD)/libpasta.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -o $@ $^ $(PORTD_LIBS)

# For machines without a package: one file that needs nothing but a kernel. libnl's kinds of queueing
# disciplines register themselves, so nothing refers to them. --runas takes names only where libc is of
# the version that it was built with, which the linker says; numbers work everywhere
# Not every libidn2 can be had with all that it needs: without, it is as if there were none
STATIC_IDN = $(and $(IDN_LIBS),$(filter /%,$(shell $(CC) -print-file-name=libunistring.a)))
STATIC_LIBS = -Wl,--whole-archive -lnl-route-3 -Wl,--no-whole-archive \
	$(shell $(PKG_CONFIG) --static --libs $(PKGS) $(if $(STATIC_IDN),libidn2)) -lm
static: $(BUILD)/static/pasta
$(BUILD)/static/idna.o: launch/idna.c launch/idna.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(COMPILE) $(if $(STATIC_IDN),-DIDN_IS_LINKED,-UHAVE_LIBIDN2) -c -o $@ $<
$(BUILD)/static/pasta: $(filter-out $(BUILD)/launch/idna.o,$(PASTA_OBJ)) $(BUILD)/static/idna.o
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(OUR_CFLAGS) $(CFLAGS) $(filter-out -pie,$(OUR_LDFLAGS)) $(LDFLAGS) \
		-static-pie -o $@ $^ $(STATIC_LIBS)

# Objects are made again when the flags change, not only the sources
FLAGS_NOW := $(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) \
	$(LIBS) $(HOOK_LIBS) $(HTTP_LIBS) $(IDN_LIBS)
quoted = '$(subst ','\'',$1)'
in_make = $(subst \#,\\#,$(subst $$,$$$$,$1))
remember = $(call quoted,remembered_$1 := $(call in_make,$($1))) $(call quoted,$$(call recall,$1))
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quoted,$(FLAGS_NOW)) | cmp -s - $@ || { \
		printf '%s\n' $(foreach name,$(REMEMBERED),$(call remember,$(name))) > $@.mk && \
		printf '%s\n' $(call quoted,$(FLAGS_NOW)) > $@; }

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(COMPILE) -MMD -MP -c -o $@ $<

$(BUILD)/libpasta.a: $(LIB_OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/libcommon.a: $(COMMON_OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/libportd.a: $(filter-out $(BUILD)/clients/portd/main.o,$(filter $(BUILD)/clients/portd/%,$(CLIENT_OBJ))) $(CLIENT_SHARED)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/libhook.a: $(filter-out $(BUILD)/hooks/main.o,$(HOOK_OBJ))
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/test/unit/test_hook_%: $(BUILD)/test/unit/test_hook_%.o $(BUILD)/libhook.a
	$(call say,LINK,$@)$(LINK) -o $@ $^ $(HOOK_LIBS) -lcmocka

# What clients have in common, beside an engine to compare it with
$(BUILD)/test/unit/test_client_%: $(BUILD)/test/unit/test_client_%.o \
		$(CLIENT_SHARED) $(BUILD)/libpasta.a
	$(call say,LINK,$@)$(LINK) -o $@ $^ $(LIBS) $(IDN_LIBS) $(HOOK_LIBS) -lcmocka

$(BUILD)/test/unit/test_portd_%: $(BUILD)/test/unit/test_portd_%.o $(BUILD)/libportd.a $(BUILD)/libpasta.a
	$(call say,LINK,$@)$(LINK) -o $@ $^ $(PORTD_LIBS) -lcmocka

$(BUILD)/test/unit/%: $(BUILD)/test/unit/%.o $(BUILD)/libpasta.a
	$(call say,LINK,$@)$(LINK) -o $@ $^ $(LIBS) $(IDN_LIBS) -lcmocka

$(BUILD)/test/tools/guest_bulk: $(BUILD)/libcommon.a

$(BUILD)/test/tools/%: $(BUILD)/test/tools/%.o
	$(call say,LINK,$@)$(LINK) -o $@ $^ -Wl,--as-needed $(LIBS)

# Also loaded by programs that know of no sanitizer
$(BUILD)/test/tools/preload/%.so: test/tools/preload/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) -D_GNU_SOURCE -std=gnu11 -Wall -Wextra $(WERROR) -O2 -fPIC -shared -o $@ $< -ldl

$(BUILD)/test/fuzz/fuzz_hook_%: $(BUILD)/test/fuzz/fuzz_hook_%.o \
		$(if $(FUZZER),,$(BUILD)/test/fuzz/replay.o) $(BUILD)/libhook.a
	$(call say,LINK,$@)$(LINK) $(if $(FUZZER),-fsanitize=fuzzer) -o $@ $^ $(HOOK_LIBS)

$(BUILD)/test/fuzz/fuzz_portd_%: $(BUILD)/test/fuzz/fuzz_portd_%.o \
		$(if $(FUZZER),,$(BUILD)/test/fuzz/replay.o) $(BUILD)/libportd.a $(BUILD)/libpasta.a
	$(call say,LINK,$@)$(LINK) $(if $(FUZZER),-fsanitize=fuzzer) -o $@ $^ $(PORTD_LIBS)

# With FUZZER=1 (and clang) libFuzzer drives them; without, they replay the files they are given
$(BUILD)/test/fuzz/%: $(BUILD)/test/fuzz/%.o $(if $(FUZZER),,$(BUILD)/test/fuzz/replay.o) \
		$(BUILD)/libcommon.a
	$(call say,LINK,$@)$(LINK) $(if $(FUZZER),-fsanitize=fuzzer) -o $@ $^

tools: $(TOOLS)

# --- testing -------------------------------------------------------------------------------------
# Every stage leaves one line "PASSED FAILED SKIPPED" in $(RESULTS) and fails if a test of it did;
# test/sum.sh adds the lines up.

STAGES := graph headers unit bats

check:
	@sh test/deps.sh build check
	@rm -rf $(RESULTS)
	$(again) -k $(parallel) check-programs || true
	$(again) -k -j 1 check-stages; status=$$?; \
		sh test/sum.sh $(RESULTS) $(STAGES) && exit $$status

check-programs: all $(TOOLS) $(UNIT)
check-stages: $(STAGES)

graph:
	@sh test/results.sh $(RESULTS)/graph sh test/include-graph.sh

headers: $(HDR:%=$(BUILD)/headers/%.ok)
	@mkdir -p $(RESULTS) && echo '$(words $^) 0 0' > $(RESULTS)/headers
	@echo 'ok: each of $(words $^) headers compiles alone'

$(BUILD)/headers/%.ok: % $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)echo '#include "$<"' | $(COMPILE) -MMD -MP -MT $@ -MF $(@:.ok=.d) -fsyntax-only -x c -
	@touch $@

unit: $(UNIT)
	@sh test/run-unit.sh $(RESULTS)/unit $(UNIT)

BATS_FILES ?= test/bats
BATS_FILTER ?=
bats: all $(TOOLS)
	@PASTA=$(abspath $(BUILD)/bin/pasta) TOOLS=$(abspath $(BUILD)/test/tools) SAN=$(SAN) \
		JOBS=$(JOBS) BATS_FILTER='$(BATS_FILTER)' \
		bash test/run-bats.sh $(RESULTS)/bats $(BATS_FILES)

# Of several workers, what they share
THREADS := $(addprefix $(BUILD)/test/unit/test_,crew engine_dgrams engine_duty engine_workers flow_index mailbox)
check-threads:
	$(again) $(parallel) BUILD=$(BUILD)/threads SAN=thread threads

threads: $(THREADS)
	@sh test/run-unit.sh $(RESULTS)/threads $(THREADS)
	@sh test/sum.sh $(RESULTS) threads

# Not with our flags, our compiler or our processor: see the scripts
check-builds:
	@sh test/deps.sh build check builds
	@rm -rf $(RESULTS)-builds
	$(again) -k -j 1 RESULTS=$(RESULTS)-builds check-builds-stages; status=$$?; \
		sh test/sum.sh $(RESULTS)-builds flags arm64 && exit $$status

check-builds-stages: flags arm64

# What distributions and their users need of what is committed
check-packages:
	@sh test/deps.sh build packages
	+@MAKE='$(MAKE)' MAKEFLAGS= JOBS=$(JOBS) bash test/packages.sh $(RESULTS)/packages $(BUILD)/packages; \
		status=$$?; sh test/sum.sh $(RESULTS) packages && exit $$status

# What the suite does that AppArmor's profile does not allow; some minutes, and not one of the tests: a few
# of these use places of their own on purpose
APPARMOR_FILES ?= $(addprefix test/bats/,20-start.bats 25-join.bats 27-logging.bats 28-root.bats 75-oci-hook.bats)
APPARMOR_PASST_FILES ?= test/bats/90-passt.bats
check-apparmor: all $(TOOLS)
	@sh test/deps.sh build check apparmor
	@PASTA=$(abspath $(BUILD)/bin/pasta) TOOLS=$(abspath $(BUILD)/test/tools) JOBS=$(JOBS) \
		bash test/apparmor.sh contrib/apparmor/usr.bin.pasta $(APPARMOR_FILES)
	@PASTA=$(abspath $(BUILD)/bin/pasta) TOOLS=$(abspath $(BUILD)/test/tools) JOBS=$(JOBS) \
		bash test/apparmor.sh contrib/apparmor/usr.bin.passt $(APPARMOR_PASST_FILES)

flags:
	+@MAKE='$(MAKE)' MAKEFLAGS= JOBS=$(JOBS) bash test/flags.sh $(RESULTS)/flags $(BUILD)/flags.d

# libseccomp makes no filter under qemu, which has no seccomp(2)
arm64:
	+@MAKE='$(MAKE)' MAKEFLAGS= JOBS=$(JOBS) bash test/arm64.sh $(RESULTS)/arm64 $(BUILD)/arm64 \
		$(filter-out test_seccomp_filter test_side_process,$(UNIT_NAMES))

# As root, or by sudo: makes a newer Debian below /var/cache (test/integration/root.sh) and machines
# from it, with what `make install` installs
INTEGRATION_FILES ?= $(wildcard test/integration/*.bats)
check-integration:
	@sh test/deps.sh build integration
	$(again) $(parallel) all
	$(Q)rm -rf $(BUILD)/stage
	$(again) install DESTDIR=$(BUILD)/stage prefix=/usr/local > $(BUILD)/stage.log
	@JOBS=$(JOBS) BATS_FILTER='$(BATS_FILTER)' bash test/integration/run.sh $(BUILD)/stage $(INTEGRATION_FILES)

analyze:
	@sh test/deps.sh build check analyze
	@rm -rf $(RESULTS)-analyze
	$(again) -k -j 1 RESULTS=$(RESULTS)-analyze analyze-stages; status=$$?; \
		sh test/sum.sh $(RESULTS)-analyze tidy cppcheck analyzer && exit $$status

analyze-stages: tidy cppcheck analyzer

tidy:
	@sh test/results.sh $(RESULTS)/tidy sh test/tidy.sh $(JOBS) $(SRC) $(HOOK_SRC) $(CLIENT_SRC)

cppcheck:
	@sh test/results.sh $(RESULTS)/cppcheck cppcheck --quiet -j $(JOBS) -I. --std=c11 \
		--enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppressions-list=test/cppcheck.txt -D_GNU_SOURCE -DPASTA_VERSION='""' -DWORKERS_AUTO=0 $(SRC) $(HOOK_SRC) $(CLIENT_SRC)

# The analyzer takes small structs that are returned in registers for uninitialized
ANALYZER_FLAGS := -O1 -fanalyzer -Wno-analyzer-use-of-uninitialized-value
analyzer:
	@sh test/results.sh $(RESULTS)/analyzer $(MAKE) --no-print-directory -k -j $(JOBS) SAN= \
		BUILD=$(BUILD)/analyze CC=gcc CFLAGS='$(ANALYZER_FLAGS)' analyzer-objects

analyzer-objects: $(OBJ) $(HOOK_OBJ) $(CLIENT_OBJ)

fuzz:
	@sh test/deps.sh build fuzz
	$(again) $(parallel) BUILD=$(BUILD)/fuzz CC=clang SAN=address,undefined FUZZER=1 fuzz-run

fuzz-run: $(FUZZERS)
	@mkdir -p $(RESULTS)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) sh test/run-fuzz.sh $(RESULTS)/fuzz $(FUZZERS)

# --- seeing and measuring ------------------------------------------------------------------------

demo:
	@sh test/deps.sh build demo
	$(again) $(parallel) all
	@PASTA=$(abspath $(BUILD)/bin/pasta) bash test/demo.sh

bench:
	@sh test/deps.sh build demo bench
	$(again) $(parallel) all tools
	@python3 test/bench/bench.py --pasta $(abspath $(BUILD)/bin/pasta) \
		--tools $(abspath $(BUILD)/test/tools) --out $(BUILD)/bench $(BENCH_ARGS)

bench-control:
	@sh test/deps.sh build demo bench
	$(again) $(parallel) all tools
	@python3 test/bench/control.py --pasta $(abspath $(BUILD)/bin/pasta) \
		--tools $(abspath $(BUILD)/test/tools) $(BENCH_ARGS)

# New flows, and one that goes on, without a policy and with one of 10,000 networks and 1,000 names
bench-policy:
	@sh test/deps.sh build demo bench
	$(again) $(parallel) all tools
	@mkdir -p $(BUILD)/bench-policy && sh test/bench/rules.sh > $(BUILD)/bench-policy/rules
	@python3 test/bench/bench.py --pasta $(abspath $(BUILD)/bin/pasta) \
		--tools $(abspath $(BUILD)/test/tools) --out $(BUILD)/bench-policy \
		--peer 'rules=$(abspath $(BUILD)/bin/pasta) --policy $(abspath $(BUILD)/bench-policy/rules)' \
		--cases 'TCP connect|TCP IPv4 (out|back), MTU 1500' $(BENCH_ARGS)

SOAK_SECONDS ?= 1800
soak:
	@sh test/deps.sh build check bench soak
	$(again) $(parallel) all tools
	@python3 test/bench/soak.py --pasta $(abspath $(BUILD)/bin/pasta) \
		--tools $(abspath $(BUILD)/test/tools) --secs $(SOAK_SECONDS)
	@PASTA=$(abspath $(BUILD)/bin/pasta) TOOLS=$(abspath $(BUILD)/test/tools) JOBS=1 \
		CHURN_SECONDS=30 FOLLOW_CYCLES=100 BATS_FILTER='random changes|again and again' \
		bash test/run-bats.sh $(RESULTS)/soak-follow test/bats/67-follow-churn.bats test/bats/67-follow-grow.bats

# --- installing ----------------------------------------------------------------------------------

deps:
	@sh test/deps.sh build check demo

# Shells' completions are made of the tables of options, as usage texts have them. Of programs for another
# machine it takes something that runs them: RUN=qemu-aarch64
RUN ?=
COMPLETED := pasta passt pesto pastactl pasta-portd
COMPLETIONS := $(foreach program,$(COMPLETED),$(addprefix $(BUILD)/completions/,$(program).bash _$(program) $(program).fish))
complete = @mkdir -p $(@D); $(RUN) $(BUILD)/bin/$* --help > $@.help && \
	awk -v program=$* -v shell=$(1) -f contrib/completions/generate.awk $@.help > $@ && rm $@.help
$(BUILD)/completions/%.bash: $(BUILD)/bin/% contrib/completions/generate.awk
	$(call complete,bash)
$(BUILD)/completions/_%: $(BUILD)/bin/% contrib/completions/generate.awk
	$(call complete,zsh)
$(BUILD)/completions/%.fish: $(BUILD)/bin/% contrib/completions/generate.awk
	$(call complete,fish)
completions: $(COMPLETIONS)

# What names programs in /usr/local/bin, but for others' in examples, names them where they are put
INSTALLED = sed 's|/usr/local/bin|$(bindir)|g; s|$(bindir)/server|/usr/local/bin/server|g'
SAMPLES := $(shell find README.md contrib -type f)
install: all $(COMPLETIONS)
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(licensedir)
	install -m 755 $(PROGRAMS:%=$(BUILD)/bin/%) $(DESTDIR)$(bindir)
	install -m 644 man/pasta.1 man/passt.1 man/pastactl.1 man/pesto.1 man/pasta-portd.1 \
		$(DESTDIR)$(mandir)/man1
	install -D -m 644 -t $(DESTDIR)$(mandir)/man5 man/pasta-policy.5
	install -D -m 644 -t $(DESTDIR)$(mandir)/man7 man/pasta-control.7
	$(INSTALLED) man/pasta-oci-hook.1 > $(DESTDIR)$(mandir)/man1/pasta-oci-hook.1
	install -m 644 LICENSE $(DESTDIR)$(licensedir)/LICENSE
	@set -e; for program in $(COMPLETED); do \
		install -D -m 644 $(BUILD)/completions/$$program.bash \
			$(DESTDIR)$(completionsdir)/bash-completion/completions/$$program; \
		install -D -m 644 -t $(DESTDIR)$(completionsdir)/zsh/site-functions $(BUILD)/completions/_$$program; \
		install -D -m 644 -t $(DESTDIR)$(completionsdir)/fish/vendor_completions.d \
			$(BUILD)/completions/$$program.fish; done
	install -D -m 644 -t $(DESTDIR)$(unitdir)/user contrib/systemd/pasta@.service contrib/systemd/pasta-portd@.service
	install -D -m 644 -t $(DESTDIR)$(unitdir)/system contrib/systemd/pasta-net*@.service
	@set -e; for file in $(SAMPLES); do \
		install -d "$$(dirname '$(DESTDIR)$(docdir)/'$$file)"; \
		$(INSTALLED) $$file > '$(DESTDIR)$(docdir)/'$$file; \
		chmod 644 '$(DESTDIR)$(docdir)/'$$file; done

# What the commit has, under its version, and always the same bytes. SIGN=KEY signs it for gpg
DIST := $(BUILD)/dist/pasta-$(VERSION)
dist:
	@git diff --quiet HEAD || { echo 'there are changes that are not committed' >&2; exit 1; }
	@mkdir -p $(@D) $(dir $(DIST))
	git archive --prefix=pasta-$(VERSION)/ HEAD | gzip -9n > $(DIST).tar.gz
	cd $(dir $(DIST)) && sha256sum pasta-$(VERSION).tar.gz > pasta-$(VERSION).tar.gz.sha256
	$(if $(SIGN),gpg --batch --yes --armor --local-user '$(SIGN)' --detach-sign $(DIST).tar.gz)

clean:
	rm -rf $(BUILD)

FORCE:
.PHONY: all help tools completions check check-builds check-builds-stages flags arm64 check-packages check-apparmor check-integration \
	check-threads threads \
	check-programs check-stages graph headers unit bats analyze analyze-stages tidy cppcheck analyzer \
	analyzer-objects fuzz fuzz-run demo bench bench-policy bench-control soak deps install static dist clean FORCE
.SECONDARY:
-include $(OBJ:.o=.d) $(HOOK_OBJ:.o=.d) $(CLIENT_OBJ:.o=.d) $(UNIT:=.d) $(TOOLS:=.d) $(FUZZERS:=.d) $(HDR:%=$(BUILD)/headers/%.d)
