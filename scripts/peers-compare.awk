# SPDX-License-Identifier: GPL-2.0-only
#
# peers-compare.awk: case by case, what differs in a test
#
#	awk -f peers-compare.awk way=without FILE... way=WAY FILE... [way=...]
#
# Each FILE is what peers-cases.awk found in one run.  A case that is not in a run
# counts as `absent' there.  Prints
#
#	cases <tab> N				how many there are
#	varies <tab> CASE <tab> RESULT|RESULT	without PMM itself, from run to run
#	differs <tab> WAY <tab> CASE <tab> RESULT|... <tab> RESULT
#						where RESULT was never seen without

BEGIN { FS = "\t" }

FNR == 1 {
	runs[way]++
	nr++
	way_of[nr] = way
}

{
	if (!($2 in known)) {
		known[$2] = 1
		name[++cases] = $2
	}
	got[nr, $2] = $1
}

function outcome(n, c) { return (n, c) in got ? got[n, c] : "absent" }

# All that was seen of a case without PMM, each once.
function usual(c,    n, words, one) {
	for (n = 1; n <= nr; n++) {
		if (way_of[n] != "without")
			continue
		one = outcome(n, c)
		if (index("|" words "|", "|" one "|") == 0)
			words = words == "" ? one : words "|" one
	}
	return words
}

END {
	print "cases\t" cases
	for (i = 1; i <= cases; i++) {
		c = name[i]
		before = usual(c)
		if (index(before, "|"))
			print "varies\t" c "\t" before
		for (n = 1; n <= nr; n++) {
			now = outcome(n, c)
			line = "differs\t" way_of[n] "\t" c "\t" before "\t" now
			if (index("|" before "|", "|" now "|") == 0 && !(line in told)) {
				told[line] = 1
				print line
			}
		}
	}
}
