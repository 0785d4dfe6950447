# SPDX-License-Identifier: GPL-2.0-only
#
# awk -v guest=GUEST -f transcripts.awk FILE...
#
# The transcripts in these documents that are for such a guest (see transcripts.sh), in
# lines that begin with a word:
#
#	at FILE:LINE		a transcript begins
#	varies REGEX		from its comment
#	before COMMAND		from its comment
#	prints LINE		by the command that comes next
#	user COMMAND		or "root COMMAND": it is typed; ^A ends a line of it
#	after COMMAND		from its comment
#	end			of the transcript
#
# and, for the guest `any`, "note FILE:LINE: ..." for each that is run nowhere.
#
# Files are reStructuredText, or Markdown if that is what they are called.

function indent(line) {
	match(line, /^ */)
	return RLENGTH
}

# It is only now known to be one: a literal block with a command in it.
function begin() {
	begun = 1
	wanted = kind == guest
	if (wanted)
		printf "at %s\n%s", at, options
	else if (guest == "any" && (kind == "" || kind ~ /^none/))
		print "note " at ": " (kind == "" ? "not said in which guest" : kind)
}

# The command, when all that it prints is known.
function flush() {
	if (text != "" && wanted)
		printf "%s%s\n", printed, text
	text = printed = blanks = ""
}

function end() {
	flush()
	if (begun && wanted)
		printf "%send\n", after
	if (block)
		kind = options = after = ""
	block = begun = wanted = armed = talking = 0
}

# A command, a further line of it, what it prints, or what somebody else typed.
function transcript(line) {
	if (text != "" && printed == "" && line ~ /^> /) {
		text = text "\001" substr(line, 3)
	} else if (line ~ /^[#$] /) {
		flush()
		if (!begun)
			begin()
		text = (line ~ /^#/ ? "root " : "user ") substr(line, 3)
		talking = 1
	} else {
		if (line ~ /^[a-z]+[#$] /)
			talking = 0
		if (talking)
			printed = printed blanks "prints " line "\n"
	}
	blanks = ""
}

FNR == 1 { end(); kind = options = after = "" }

/^ *$/ {
	comment = 0
	if (block)
		blanks = blanks "prints \n"
	if (FILENAME ~ /\.md$/) {
		armed = 1
		armed_at = 0
	}
	next
}

block && indent($0) < base { end() }

armed && !block {
	if (indent($0) > armed_at) {
		block = 1
		base = indent($0)
		at = FILENAME ":" FNR
	}
	armed = 0
}

block {
	transcript(substr($0, base + 1))
	next
}

/^ *(\.\.|<!--) transcript: / {
	sub(/^ *(\.\.|<!--) transcript: */, "")
	comment = !sub(/ *-->$/, "")
	kind = $0
	options = after = ""
	next
}

comment {
	sub(/^ */, "")
	if (/-->$/) {
		comment = 0
		next
	}
	if (!sub(/^(varies|before|after):/, substr($0, 1, index($0, ":") - 1))) {
		print "note " FILENAME ":" FNR ": none of 'varies:', 'before:', 'after:'"
		exit 1
	}
	if (/^after/)
		after = after $0 "\n"
	else
		options = options $0 "\n"
	next
}

/::$/ && !/^ *\.\. / {
	armed = 1
	armed_at = indent($0)
}

END { end() }
