# dataloader: load related rows for a batch of keys
#
#   make, make install, make installcheck   as for every PGXS extension
#   make testcluster                        all tests in a throw-away cluster, nothing installed
#   make coverage [COVERAGE_MIN=90]         ... and how many lines of src/ they ran
#   make dist                               the PGXN archive of HEAD
#
# Another server: make PG_CONFIG=/path/to/pg_config.  Warnings as errors: make COPT=-Werror.

EXTENSION = dataloader
DATA = dataloader--0.1.0.sql
MODULE_big = dataloader

# src/NAME.c, one name a line
SOURCES = \
	dataloader \
	guc \
	load \
	slices \
	request \
	target \
	resolve \
	junction \
	keytype \
	expr \
	lifetime \
	rights \
	path \
	reason \
	index \
	keys \
	keyfind \
	keypieces \
	keyslice \
	keysort \
	keytext \
	jsonvalue \
	args \
	fetch_index \
	fetch_index_only \
	fetch_window \
	fetch_page \
	fetch_ahead \
	fetch_leaf \
	fetch_dense \
	fetch_hint \
	fetch_seek \
	fetch_through \
	pairs \
	fetch_query \
	query_text \
	align \
	group \
	reorder \
	emit_rows \
	emit_json \
	emit_count \
	emit_page \
	jsonobject \
	cursor \
	order \
	connection \
	jsonwriter \
	jsonscalar \
	jsonnested \
	jsonescape \
	buffer \
	scan_plan \
	scan \
	explain

OBJS = $(SOURCES:%=src/%.o)

# This file's directory; $(srcdir) is not known before $(PGXS) is read.
here := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

# -I and -D belong into PG_CPPFLAGS, which the bitcode compiler sees, too; warnings
# and -MD into PG_CFLAGS, which it does not (it would overwrite the .d files).  The
# server's headers are system headers, so that -Wextra is about this code only.
PG_CPPFLAGS = -I$(here)/src -isystem $(includedir_server)
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -MD -MP $(if $(findstring clang,$(notdir $(CC))),$(clang_cflags))

# The flags of a server that was configured for gcc.
clang_cflags = -Wno-unknown-warning-option -Wno-ignored-optimization-argument

# Every file of sql/ and specs/ is a test that stands alone. (:= since PGXS asks by ifdef.)
REGRESS := $(sort $(patsubst $(here)/sql/%.sql,%,$(wildcard $(here)/sql/*.sql)))
REGRESS_OPTS = --load-extension=$(EXTENSION)
ISOLATION := $(sort $(patsubst $(here)/specs/%.spec,%,$(wildcard $(here)/specs/*.spec)))
ISOLATION_OPTS = --load-extension=$(EXTENSION)

EXTRA_CLEAN = src/*.d src/*.gcno src/*.gcda results output_iso $(EXTENSION)-*.zip

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# In a VPATH build the objects need their directory.
_ := $(shell mkdir -p $(sort $(dir $(OBJS))))

# Header dependencies: -MD writes them for the objects, and bitcode follows its object.
-include $(OBJS:.o=.d)
$(OBJS:.o=.bc): %.bc: %.o

# A flag or option that is changed here reaches everything.
$(OBJS): $(here)/Makefile

.PHONY: testcluster coverage dist

testcluster:
	PG_CONFIG='$(PG_CONFIG)' $(srcdir)/script/test $(TESTS)

COVERAGE_MIN = 0
coverage:
	PG_CONFIG='$(PG_CONFIG)' COVERAGE_MIN='$(COVERAGE_MIN)' $(srcdir)/script/test --coverage $(TESTS)

DISTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(srcdir)/$(EXTENSION).control)
dist:
	git -C $(srcdir) archive --format=zip --prefix=$(EXTENSION)-$(DISTVERSION)/ \
		--output='$(CURDIR)/$(EXTENSION)-$(DISTVERSION).zip' HEAD
