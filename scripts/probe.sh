#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# probe.sh HEADER COMPILER FLAGS...: ask the kernel's headers what they offer.
#
# Each probe is a function body that compiles, or does not, against the kernel
# the module is built for.  Distributions backport, so version numbers do not
# tell; this does.
set -eu

header=$1
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# Drop what kbuild adds for dependency files: the probe leaves none.
flags=
for arg; do
	case $arg in
	-Wp,-MMD,* | -DKBUILD_* ) ;;
	*) flags="$flags '$(printf %s "$arg" | sed "s/'/'\\\\''/g")'" ;;
	esac
done

# compiles BODY INCLUDE...: does a function with that body compile?
compiles() {
	body=$1
	shift
	{
		for include; do
			printf '#include <%s>\n' "$include"
		done
		printf 'void pmm_probe(void);\nvoid pmm_probe(void)\n{\n\t%s\n}\n' "$body"
	} >"$dir/probe.c"
	eval "$flags -Werror -DKBUILD_MODNAME='\"probe\"' -DKBUILD_BASENAME='\"probe\"' \
		-DKBUILD_MODFILE='\"probe\"' -c -o '$dir/probe.o' '$dir/probe.c'" >"$dir/log" 2>&1
}

# probe NAME BODY OTHERWISE INCLUDE...: define PMM_HAVE_NAME if BODY compiles.  If it
# does not, OTHERWISE has to, which is what the module does without NAME: else it
# fails for another reason, or the kernel has neither, and there is no answer.
probe() {
	name=$1 body=$2 otherwise=$3
	shift 3
	if compiles "$body" "$@"; then
		printf '#define PMM_HAVE_%s 1\n' "$name"
		return
	fi
	cp "$dir/log" "$dir/log.body"
	if ! compiles "$otherwise" "$@"; then
		cat "$dir/log.body" "$dir/log" >&2
		echo "probe.sh: this kernel's headers have neither $name nor what was there without it" >&2
		exit 1
	fi
	printf '/* no %s */\n' "$name"
}

# If the trivial probe fails, the flags are wrong and every answer would be.
if ! compiles 'struct page *p = NULL; (void)p;' linux/mm.h; then
	cat "$dir/log" >&2
	echo "probe.sh: cannot compile against this kernel's headers" >&2
	exit 1
fi

{
	printf '/* Written by scripts/probe.sh */\n'
	probe MNT_IDMAP \
		'struct file *f = NULL; struct mnt_idmap *m = file_mnt_idmap(f); (void)m;' \
		'struct file *f = NULL; struct user_namespace *ns = file_mnt_user_ns(f); (void)ns;' \
		linux/fs.h
	probe FSNOTIFY_GROUP_NOFS \
		'int flags = FSNOTIFY_GROUP_NOFS; (void)flags;' \
		'struct fsnotify_group *g = fsnotify_alloc_group(NULL, 0); (void)g;' \
		linux/fsnotify_backend.h
	probe FOLIO_BATCH_RELEASE \
		'void (*f)(struct folio_batch *) = __folio_batch_release; (void)f;' \
		'void (*f)(struct pagevec *) = __pagevec_release; (void)f;' \
		linux/mm.h linux/pagevec.h
	probe COMPOUND_PAGE_DTOR \
		'set_compound_page_dtor(NULL, COMPOUND_PAGE_DTOR);' \
		'extern struct folio *f; folio_set_large_rmappable(f); atomic_set(&f->_large_mapcount, -1);' \
		linux/mm.h
	probe GUP_VMAS \
		'get_user_pages_remote(NULL, 0, 1, 0, NULL, NULL, NULL);' \
		'get_user_pages_remote(NULL, 0, 1, 0, NULL, NULL);' \
		linux/mm.h
	probe FOLIO_LIKELY_MAPPED_SHARED \
		'extern struct folio *f; bool b = folio_likely_mapped_shared(f); (void)b;' \
		'extern struct page *p; int n = page_mapcount(p); (void)n;' \
		linux/mm.h
} >"$header"
