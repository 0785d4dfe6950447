# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Fetch and unpack Debian packages without installing them, as any user and
# whatever the machine's own sources select.  Source after common.sh.
#
# apt works here with lists and a cache of its own, so that the system's sources
# are neither changed nor sufficient: 6.12 for Debian 12 is in the backports
# suite, which most machines do not list.  The mirror is the one that the
# machine itself uses, and packages are verified by Debian's archive key.

DEBIAN_ARCH=amd64
DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
# The release that 6.1 is the kernel of; later ones still find it on the mirror.
DEBIAN_BASE=bookworm

debian_dir=$PMM_CACHE/apt

# Run an apt command in the private world.  Children must not keep the lock.
debian_apt() { APT_CONFIG=$debian_dir/apt.conf "$@" 9>&-; }

# One download at a time, whoever starts it; released when the script ends.
debian_lock() {
	mkdir -p "$PMM_CACHE"
	exec 9>"$PMM_CACHE/lock"
	if ! flock -n 9; then
		say "Waiting for another download into $PMM_CACHE ..."
		flock 9
	fi
}

# Print "URI" of the machine's mirror with the given label.
debian_mirror() {
	# Not `exit` at the first match: apt would die of SIGPIPE.
	# shellcheck disable=SC2016 # $(...) is apt's own notation
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		awk -v l="$1" '$1 == l && !n++ { print $2 }'
}

debian_sources() {
	local codename mirror security suite

	mirror=${PMM_MIRROR:-$(debian_mirror Debian)}
	security=$(debian_mirror Debian-Security)
	[ -n "$mirror" ] || die "apt knows no Debian mirror here. On Debian, run" \
		"\`apt-get update\` first; elsewhere set PMM_MIRROR to a mirror's address."
	[ -r "$DEBIAN_KEYRING" ] || die "$DEBIAN_KEYRING is missing: install debian-archive-keyring"

	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	[ -z "${PMM_MIRROR:-}" ] || codename=$DEBIAN_BASE
	for suite in "$DEBIAN_BASE" "$DEBIAN_BASE-updates" "$DEBIAN_BASE-backports" \
		"$codename" "$codename-updates"; do
		echo "deb [signed-by=$DEBIAN_KEYRING arch=$DEBIAN_ARCH] $mirror $suite main"
	done | sort -u
	[ -z "$security" ] || for suite in "$DEBIAN_BASE" "$codename"; do
		echo "deb [signed-by=$DEBIAN_KEYRING arch=$DEBIAN_ARCH] $security $suite-security main"
	done | sort -u
}

# debian_update daily|always: make sure that there are package lists, not older
# than a day or new ones.
debian_update() {
	if ! have apt-get || ! have dpkg-deb; then
		die "needs apt-get and dpkg-deb to fetch Debian's kernel packages"
	fi
	mkdir -p "$debian_dir"/{lists,archives}/partial
	touch "$debian_dir/status"
	debian_sources >"$debian_dir/sources.list"
	# Proxies and the like stay as the machine has them; they may hold secrets.
	(
		umask 077
		apt-config dump | grep -iE '^Acquire::(https?|Check|ForceIPv)[^ ]* ".+";$' || true
		cat <<-EOT
			Acquire::Languages "none";
			Acquire::Retries "3";
			Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
			APT::Architecture "$DEBIAN_ARCH";
			APT::Architectures { "$DEBIAN_ARCH"; };
			APT::Sandbox::User "root";
			Dir::Etc::parts "/dev/null";
			Dir::Etc::main "/dev/null";
			Dir::Etc::sourceparts "/dev/null";
			Dir::Etc::preferencesparts "/dev/null";
			Dir::Etc::sourcelist "$debian_dir/sources.list";
			Dir::State::lists "$debian_dir/lists";
			Dir::State::status "$debian_dir/status";
			Dir::Cache "$debian_dir";
			Dir::Cache::archives "$debian_dir/archives";
		EOT
	) >"$debian_dir/apt.conf"

	if [ "$1" = daily ] && [ -n "$(find "$debian_dir/updated" -mtime -1 2>/dev/null)" ]; then
		return
	fi
	say "Reading the package lists ..."
	# A suite that is gone fails here; what matters is whether the package is found.
	debian_apt apt-get -q update >&2 || say "(some package lists could not be read)"
	touch "$debian_dir/updated"
}

# debian_newest REGEX: the newest package whose whole name matches, or nothing.
debian_newest() {
	debian_apt apt-cache pkgnames | { grep -Ex "$1" || true; } | sort -V | tail -n 1
}

debian_version() {
	debian_apt apt-cache show --no-all-versions "$1" | sed -n 's/^Version: //p'
}

# debian_unpack DIR PACKAGE...: (name or name=version) into DIR, which appears
# whole or not at all.  apt checks sizes and hashes of what it downloads.
# The function debian_finish DIR, if there is one, works on it before it appears.
debian_unpack() {
	local dir=$1 new=$1.new deb deb_name

	shift
	rm -rf "$new"
	mkdir -p "$new/.debs"
	(cd "$new/.debs" && debian_apt apt-get -q download "$@" >&2) ||
		die "could not download $* (try again: nothing is left half done)"
	for deb in "$new"/.debs/*.deb; do
		deb_name=${deb##*/}
		say "Unpacking ${deb_name%%_*} ..."
		dpkg-deb -x "$deb" "$new"
	done
	rm -rf "$new/.debs"
	! declare -F debian_finish >/dev/null || debian_finish "$new" "$dir"
	touch "$new/.complete"
	# A directory without .complete is what an older, broken version left behind.
	rm -rf "$dir"
	mv -T "$new" "$dir"
}
