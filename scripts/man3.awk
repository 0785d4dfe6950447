# SPDX-License-Identifier: GPL-2.0-only
#
# man3.awk: the manual pages of a header's functions and structures, of the kernel-doc
# comments before them, in the language of mdoc(7).
#
#	awk -v out=DIRECTORY -v date=DATE -f man3.awk HEADER

# ---- text ----

# What mdoc leaves as it is, without the marks of kernel-doc: %NAME and @name are
# names, "%d" and "~0" are not.
function plain(s,    r) {
	r = ""
	while (match(s, /%[A-Z]|@[a-z]/)) {
		r = r substr(s, 1, RSTART - 1)
		s = substr(s, RSTART + 1)
	}
	s = r s
	gsub(/\\/, "\\e", s)
	return s ~ /^[.']/ ? "\\&" s : s
}

function put(s) { print s >page }

# A sentence a line, as mdoc wants it
function put_text(s) {
	s = plain(s)
	while (match(s, /\.  +/)) {
		put(substr(s, 1, RSTART))
		s = substr(s, RSTART + RLENGTH)
	}
	if (s != "")
		put(s)
}

# What begins with a tab stays as it is.
function put_lines(lines, nr,    i, columns, pending) {
	for (i = 1; i <= nr; i++) {
		if (lines[i] ~ /^\t/) {
			if (!columns)
				put(".Bd -literal -offset indent")
			columns = 1
			put(plain(substr(lines[i], 2)))
		} else if (columns && lines[i] == "" && lines[i + 1] ~ /^\t/) {
			put("")
		} else if (lines[i] == "") {
			pending = i < nr
		} else {
			if (columns)
				put(".Ed")
			if (pending)
				put(".Pp")
			columns = pending = 0
			put_text(lines[i])
		}
	}
	if (columns)
		put(".Ed")
}

# ---- a comment ----

function begin_comment() {
	nr_text = nr_params = nr_returns = 0
	part = "text"
	split("", text)
	split("", returns)
}

# Its first line: what it is about
function head(s) {
	is_struct = sub(/^struct /, "", s)
	if (!match(s, / - /))
		return 0
	name = substr(s, 1, RSTART - 1)
	sub(/\(\)$/, "", name)
	summary = substr(s, RSTART + 3)
	return name ~ /^[a-z_]+$/
}

function line(s,    at) {
	if (s ~ /^@[a-z_]+:/) {
		at = index(s, ":")
		part = "param"
		param[++nr_params] = substr(s, 2, at - 2)
		meaning[nr_params] = substr(s, at + 2)
	} else if (s ~ /^Return:/) {
		part = "return"
		returns[++nr_returns] = substr(s, 9)
	} else if (part == "param" && s ~ /^\t/) {
		meaning[nr_params] = meaning[nr_params] " " substr(s, 2)
	} else if (part == "return" && s != "") {
		returns[++nr_returns] = s
	} else {
		part = "text"
		if (s != "" || nr_text)
			text[++nr_text] = s
	}
}

# ---- a page ----

function upper_first(s) { return toupper(substr(s, 1, 1)) substr(s, 2) }

function put_head() {
	put(".\\\" SPDX-License-Identifier: LGPL-2.1-or-later")
	put(".\\\" Made by man3.awk of the comments in pmmshm.h")
	put(".Dd " date)
	put(".Dt " toupper(name) " 3")
	put(".Os PMM")
	put(".Sh NAME")
	put(".Nm " name)
	put(".Nd " plain(summary))
	put(".Sh LIBRARY")
	put("libpmmshm (-lpmmshm)")
	put(".Sh SYNOPSIS")
	put(".In pmmshm.h")
}

# "const struct pmmshm *", "pmmshm_backend", and its arguments
function put_prototype(s,    at, type, args, nr, i) {
	gsub(/[ \t\n]+/, " ", s)
	sub(/;.*/, "", s)
	at = index(s, name "(")
	type = substr(s, 1, at - 1)
	sub(/ $/, "", type)
	put(".Ft \"" type "\"")
	put(".Fo " name)
	args = substr(s, at + length(name) + 1)
	sub(/\)$/, "", args)
	nr = split(args, list, /, /)
	for (i = 1; i <= nr; i++)
		put(".Fa \"" list[i] "\"")
	put(".Fc")
}

function put_struct(s) {
	put(".Bd -literal")
	gsub(/\t/, "    ", s)
	sub(/\n$/, "", s)
	put(s)
	put(".Ed")
}

function put_params(    i) {
	if (!nr_params)
		return
	put(".Bl -tag -width Ds")
	for (i = 1; i <= nr_params; i++) {
		put(".It Fa " param[i])
		put_text(meaning[i])
	}
	put(".El")
}

function put_page(prototype) {
	page = out "/" name ".3"
	put_head()
	if (is_struct)
		put_struct(prototype)
	else
		put_prototype(prototype)
	put(".Sh DESCRIPTION")
	put(upper_first(plain(summary)) ".")
	put_params()
	if (nr_text) {
		if (text[1] !~ /^\t/)
			put(".Pp")
		put_lines(text, nr_text)
	}
	if (nr_returns) {
		put(".Sh RETURN VALUES")
		returns[1] = upper_first(returns[1])
		put_lines(returns, nr_returns)
	}
	put(".Sh SEE ALSO")
	put(".Xr pmmshm 7")
	close(page)
}

# ---- the header ----

/^\/\*\* .*\*\/$/ {
	begin_comment()
	s = $0
	sub(/^\/\*\* /, "", s)
	sub(/ \*\/$/, "", s)
	wanted = head(s)
	prototype = ""
	next
}
/^\/\*\*$/ {
	begin_comment()
	comment = 1
	first = 1
	next
}
comment && /^ \*\/$/ {
	comment = 0
	wanted = is_about
	prototype = ""
	next
}
comment {
	s = $0
	sub(/^ \*/, "", s)
	sub(/^ /, "", s)
	if (first) {
		is_about = head(s)
		first = 0
	} else {
		line(s)
	}
	next
}
wanted {
	prototype = prototype $0 "\n"
	if (is_struct ? $0 ~ /^};/ : $0 ~ /;$/) {
		put_page(prototype)
		wanted = 0
	}
}
