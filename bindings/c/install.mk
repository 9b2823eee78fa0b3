# Installs what was built, and takes it away again. Called by the Makefile at the root, which builds
# before; here nothing is built.
#
# DESTDIR stands before every path that is written and in none that is read later. Directories of
# others are left alone by uninstall.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share

VERSION := $(shell sed -n '/^\[workspace.package\]/,/^$$/s/^version = "\(.*\)"/\1/p' Cargo.toml)
# The number of the soname stands where the library gets it.
SONAME := $(shell sed -n 's/.*-soname,libmeshvitals\.so\.\([0-9]*\).*/\1/p' build.rs)
# What rustc says that the static library needs (--print native-static-libs); on recent systems most
# of it is empty.
PRIVATE := -lgcc_s -lutil -lrt -lpthread -lm -ldl

CMAKEDIR := $(LIBDIR)/cmake/meshvitals
PKGCONFIGDIR := $(LIBDIR)/pkgconfig
CPP := $(notdir $(wildcard bindings/cpp/meshvitals/*.hpp))
MAN := meshvitals.1 meshvitals-check.1 meshvitals-run.1 meshvitals-schema.1
COMPLETIONS := bash-completion/completions/meshvitals fish/vendor_completions.d/meshvitals.fish \
	zsh/site-functions/_meshvitals

FILES := $(BINDIR)/meshvitals \
	$(LIBDIR)/libmeshvitals.so.$(VERSION) $(LIBDIR)/libmeshvitals.so.$(SONAME) \
	$(LIBDIR)/libmeshvitals.so $(LIBDIR)/libmeshvitals.a \
	$(PKGCONFIGDIR)/meshvitals.pc $(PKGCONFIGDIR)/meshvitals-static.pc \
	$(CMAKEDIR)/meshvitals-config.cmake $(CMAKEDIR)/meshvitals-config-version.cmake \
	$(INCLUDEDIR)/meshvitals.h $(INCLUDEDIR)/meshvitals.hpp \
	$(addprefix $(INCLUDEDIR)/meshvitals/,$(CPP)) \
	$(addprefix $(DATADIR)/man/man1/,$(MAN)) $(addprefix $(DATADIR)/,$(COMPLETIONS))

# $(call below,path): a path of pkg-config, relative to the prefix where it lies below it.
below = $(patsubst $(PREFIX)/%,$${prefix}/%,$(1))

# $(call fill,template,file)
define fill
sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(call below,$(LIBDIR))|' \
	-e 's|@INCLUDEDIR@|$(call below,$(INCLUDEDIR))|' -e 's|@VERSION@|$(VERSION)|' \
	-e 's|@SONAME@|$(SONAME)|' -e 's|@PRIVATE@|$(PRIVATE)|' \
	-e "s|@INCLUDE_FROM_HERE@|$$(realpath -m --relative-to=$(CMAKEDIR) $(INCLUDEDIR))|" \
	bindings/c/$(1) > $(DESTDIR)$(2)
chmod 644 $(DESTDIR)$(2)
endef

# Paths are written into files, where they mean nothing unless they are whole, and stand in
# commands, which do not quote them.
PATHS := $(PREFIX) $(BINDIR) $(LIBDIR) $(INCLUDEDIR) $(DATADIR) $(DESTDIR)
ifneq ($(shell printf %s '$(subst ','"'"',$(PATHS))' | tr -d 'a-zA-Z0-9/._+~,:@% -'),)
$(error a path has a character that is not allowed; allowed: letters, digits and / . _ + ~ , : @ % -)
endif
$(foreach path,$(PATHS),$(if $(filter /%,$(path)),,\
	$(error $(path) is not an absolute path; blanks are not allowed)))

.PHONY: install uninstall
# Most of the static library is for debuggers and for optimising at link time, which programs in C
# do not do: it goes, if there is an objcopy.
install:
	@test -n "$(VERSION)" && test -n "$(SONAME)"
	umask 022 && install -d $(addprefix $(DESTDIR),$(BINDIR) $(PKGCONFIGDIR) $(CMAKEDIR) $(INCLUDEDIR)/meshvitals)
	install -m 755 $(BUILT)/meshvitals $(DESTDIR)$(BINDIR)/meshvitals
	install -m 644 $(BUILT)/libmeshvitals.so $(DESTDIR)$(LIBDIR)/libmeshvitals.so.$(VERSION)
	ln -sf libmeshvitals.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libmeshvitals.so.$(SONAME)
	ln -sf libmeshvitals.so.$(SONAME) $(DESTDIR)$(LIBDIR)/libmeshvitals.so
	install -m 644 $(BUILT)/libmeshvitals.a $(DESTDIR)$(LIBDIR)/libmeshvitals.a
	-objcopy --strip-debug -R .llvmbc -R .llvmcmd $(DESTDIR)$(LIBDIR)/libmeshvitals.a
	$(call fill,meshvitals.pc.in,$(PKGCONFIGDIR)/meshvitals.pc)
	$(call fill,meshvitals-static.pc.in,$(PKGCONFIGDIR)/meshvitals-static.pc)
	$(call fill,meshvitals-config.cmake.in,$(CMAKEDIR)/meshvitals-config.cmake)
	$(call fill,meshvitals-config-version.cmake.in,$(CMAKEDIR)/meshvitals-config-version.cmake)
	install -m 644 include/meshvitals.h bindings/cpp/meshvitals.hpp $(DESTDIR)$(INCLUDEDIR)
	install -m 644 $(addprefix bindings/cpp/meshvitals/,$(CPP)) $(DESTDIR)$(INCLUDEDIR)/meshvitals
	umask 022 && $(BUILT)/meshvitals pages $(DESTDIR)$(DATADIR)

uninstall:
	rm -f $(addprefix $(DESTDIR),$(FILES))
	-rmdir $(DESTDIR)$(INCLUDEDIR)/meshvitals $(DESTDIR)$(CMAKEDIR)
