# SPDX-License-Identifier: GPL-2.0-only
#
# peers-cases.awk: the cases of a selftest from what it printed, as lines
#
#	ok|not|skip|began <tab> CASE
#
# in their order.  The kernel's selftests have several ways to report:
#
#	ok 3 NAME # SKIP why, not ok 3 NAME	TAP
#	[OK] NAME, NAME [FAIL], [SKIP] ...	before or after, in brackets
#	NAME... OK, Fail, Skip			khugepaged, below "Run test: HEADING"
#	testing NAME on MEMORY... done		userfaultfd; failed, skipped
#	PASS: NAME, NAME: ok			udmabuf
#	memfd: NAME, testing NAME: userfaults	memfd_test, userfaultfd: they end with what fails
#
# What differs from run to run is left out of names: colours, addresses, times, what
# was counted, the dots of those that wait.  A name that comes again is numbered.

function clean(s)
{
	gsub(/\033\[[0-9;]*m/, "", s)
	gsub(/0x[0-9a-fA-F]+/, "ADDRESS", s)
	gsub(/[0-9]+(\.[0-9]+)? ?(ns|us|ms|secs?|seconds)([^a-z]|$)/, "TIME ", s)
	gsub(/pid:? [0-9]+/, "pid", s)
	gsub(/[0-9]+ \([0-9.]+%\)/, "N", s)
	gsub(/faults [0-9]+/, "faults N", s)
	gsub(/\.\.+/, " ", s)
	gsub(/[ \t]+/, " ", s)
	sub(/^[ .]+/, "", s)
	sub(/[ .]+$/, "", s)
	return s
}

function result(word, name)
{
	name = clean(name)
	if (heading != "")
		name = heading ": " name
	if (++seen[name] > 1)
		name = name " (" seen[name] ")"
	print word "\t" name
}

# Of a word, in whatever case: "" if it is none of a result.
function meaning(word)
{
	word = tolower(word)
	if (word ~ /^(ok|pass|passed|done|success)$/)
		return "ok"
	if (word ~ /^(not|fail|failed|error)$/)
		return "not"
	if (word ~ /^(skip|skipped|xfail)$/)
		return "skip"
	return ""
}

{
	line = $0
	gsub(/\r/, "", line)
	gsub(/\033\[[0-9;]*m/, "", line)
}

line ~ /^Run test: / {
	heading = clean(substr(line, 11))
	next
}

# What stands below a heading that has ended.
line ~ /^Restore / { heading = "" }

line ~ /^[ \t]*(not )?ok [0-9]+/ {
	word = line ~ /^[ \t]*not/ ? "not" : "ok"
	if (line ~ /# ?(SKIP|XFAIL)/)
		word = "skip"
	sub(/# ?(SKIP|XFAIL).*/, "", line)
	name = line
	sub(/^[ \t]*(not )?ok [0-9]+[ -]*/, "", name)
	# One that is skipped may not say what it is.
	sub(/^[ \t]*(not )?ok /, "", line)
	result(word, name == "" ? "test " line : name)
	next
}

# TAP's comments repeat what its results say.
line ~ /^[ \t]*#/ { next }

match(line, /\[ *[A-Za-z]+ *\]/) {
	word = substr(line, RSTART + 1, RLENGTH - 2)
	gsub(/ /, "", word)
	if (meaning(word) != "") {
		result(meaning(word), substr(line, 1, RSTART - 1) " " substr(line, RSTART + RLENGTH))
		next
	}
}

match(line, /\.\.\.* *[A-Za-z]+/) {
	word = substr(line, RSTART, RLENGTH)
	gsub(/[. ]/, "", word)
	if (meaning(word) != "") {
		result(meaning(word), substr(line, 1, RSTART - 1))
		next
	}
}

match(line, /: (ok|done|passed|failed|skipped)\.?( |$)/) {
	word = substr(line, RSTART + 2, RLENGTH - 2)
	gsub(/[. ]/, "", word)
	result(meaning(word), substr(line, 1, RSTART - 1))
	next
}

match(line, /^(PASS|FAIL|SKIP)(:| |$)/) {
	result(meaning(substr(line, 1, 4)), substr(line, 5))
	next
}

line ~ /^memfd(-hugetlb)?: [A-Z]/ { result("began", line) }

match(line, /^testing [^:]*: userfaults/) { result("began", substr(line, 1, RLENGTH - 12)) }
