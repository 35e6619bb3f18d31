/* SPDX-License-Identifier: Apache-2.0 */
#include "config/scalar.h"

#include <limits.h>
#include <regex.h>
#include <string.h>

#include "config/yaml-text.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;

	return false;
}

bool format_matches(const struct format *format, const char *text)
{
	regex_t regex;

	if (regcomp(&regex, format->pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;

	bool matches = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return matches;
}

/* Plain text that other readers of YAML take for something else than text. */
static bool check_plain(const struct decoder *d, const struct field *field, const struct tree *tree)
{
	static const char *const nothing[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const logical[] = { "true",  "True",  "TRUE", "false",
					       "False", "FALSE", NULL };

	if (tree->plain && is_one_of(tree->text, nothing)) {
		diag_error(d->diags, &tree->at, "'%s' has no value", field->key);
		if (field->example)
			diag_help(d->diags, "as in '%s: %s'", field->key, field->example);
		return false;
	}

	if (tree->plain && is_one_of(tree->text, logical)) {
		diag_error(d->diags, &tree->at, "expected text for '%s', found %s", field->key,
			   tree->text);
		diag_help(d->diags, "if the word is meant, put it in quotes");
		return false;
	}

	return true;
}

/* What the user knows the value by. */
static const char *name_of(const struct field *field, const struct tree *tree)
{
	return cluster_wording(&tree->at, field->key, tree->at.source->name);
}

static bool check_size(const struct decoder *d, const struct field *field, const struct tree *tree)
{
	if (!*tree->text)
		diag_error(d->diags, &tree->at, "'%s' is empty", name_of(field, tree));
	else if (strlen(tree->text) > DECODE_MAX_TEXT)
		diag_error(d->diags, &tree->at, "'%s' is longer than %d bytes",
			   name_of(field, tree), DECODE_MAX_TEXT);
	else if (yaml_text_has_control(tree->text))
		diag_error(d->diags, &tree->at,
			   "'%s' contains a line end or another control character",
			   name_of(field, tree));
	else
		return true;

	return false;
}

static bool check_values(const struct decoder *d, const struct field *field,
			 const struct tree *tree)
{
	AUTOBUF struct buf all = { 0 };
	size_t count = 0;

	if (!field->values || is_one_of(tree->text, field->values))
		return true;

	for (; field->values[count]; count++)
		buf_addf(&all, "%s%s", count ? ", " : "", field->values[count]);

	const char *near = text_suggest(tree->text, field->values, count);

	diag_error(d->diags, &tree->at, "'%s' is no value for '%s'", tree->text,
		   name_of(field, tree));
	if (near)
		diag_help(d->diags, "did you mean '%s'?", near);
	else
		diag_help(d->diags, "allowed: %s", buf_text(&all));
	return false;
}

static bool check_format(const struct decoder *d, const struct field *field,
			 const struct tree *tree)
{
	const char *shown = field->flags & FIELD_SECRET ? field->key : tree->text;

	if (!field->format || format_matches(field->format, tree->text))
		return true;

	diag_error(d->diags, &tree->at, "'%s' is not %s", shown, field->format->what);
	diag_help(d->diags, "%s", field->format->help);
	return false;
}

/* Would somebody give a file this mode: nobody may do more than the owner, who may read? */
static bool plausible_mode(unsigned mode)
{
	unsigned owner = mode >> 6 & 7, group = mode >> 3 & 7, other = mode & 7;

	return mode <= 07777 && owner & 4 && (group & ~owner) == 0 && (other & ~group) == 0;
}

static unsigned parse_octal(const char *digits)
{
	size_t len = strspn(digits, "01234567");
	bool fits = len >= 3 && len <= (digits[0] == '0' ? 5 : 4);

	return fits && !digits[len] ? (unsigned)strtoul(digits, NULL, 8) : UINT_MAX;
}

/*
 * 0644 without the quotes is 420 to some programs, and whoever copied their output
 * has 420 in the file: that is refused although it is a mode, if an odd one.
 */
static bool mode_text(const struct decoder *d, const struct field *field, const struct tree *tree,
		      struct text *ret)
{
	const char *digits = tree->text + (text_starts(tree->text, "0o") ? 2 : 0);
	unsigned mode = parse_octal(digits);
	uint64_t decimal;

	if (tree->plain && digits[0] != '0' && digits == tree->text &&
	    text_parse_number(digits, 07777, &decimal) && plausible_mode((unsigned)decimal) &&
	    !plausible_mode(mode)) {
		diag_error(d->diags, &tree->at, "'%s' looks like a decimal number, modes are octal",
			   tree->text);
		diag_help(d->diags, "decimal %s is the mode 0%o", tree->text, (unsigned)decimal);
		return false;
	}

	if (mode == UINT_MAX) {
		diag_error(d->diags, &tree->at, "'%s' is not %s", tree->text, field->format->what);
		diag_help(d->diags, "%s", field->format->help);
		return false;
	}

	ret->value = arena_printf(d->arena, "%04o", mode);
	return true;
}

bool cluster_is_public_key(const char *text)
{
	return (text_starts(text, "ssh-") || text_starts(text, "sk-") ||
		text_starts(text, "ecdsa-")) &&
	       strchr(text, ' ');
}

/* Which no message may show, so the line with it is hidden whatever else is wrong there. */
static bool check_private_key(const struct decoder *d, const struct field *field,
			      const struct tree *tree)
{
	if (!(field->flags & FIELD_KEY_PATH) || !strstr(tree->text, "PRIVATE KEY-----"))
		return true;

	diags_hide(d->diags, &tree->at);
	diag_error(d->diags, &tree->at, "a private key stands here, but '%s' takes public ones",
		   name_of(field, tree));
	diag_help(d->diags, "take it out of the file; ssh-keygen -y prints the public one");
	return false;
}

static const char *resolve(const struct decoder *d, const struct field *field, const char *text)
{
	if (!(field->flags & (FIELD_PATH | FIELD_KEY_PATH)) ||
	    (field->flags & FIELD_KEY_PATH && cluster_is_public_key(text)))
		return text;

	AUTOFREE char *path = file_resolve(text, d->directory);
	return arena_strdup(d->arena, path);
}

bool scalar_text(const struct decoder *d, const struct field *field, const struct tree *tree,
		 struct text *ret)
{
	struct text text = { .value = tree->text, .at = tree->at };

	/* The place alone says that there was a value, if a wrong one: no default for it then. */
	ret->at = tree->at;
	if (!check_plain(d, field, tree))
		return false;

	if (field->type == FIELD_CONTENT) {
		*ret = text;
		return true;
	}

	if (!check_private_key(d, field, tree) || !check_size(d, field, tree))
		return false;

	if (field->type == FIELD_MODE) {
		if (!mode_text(d, field, tree, &text))
			return false;
	} else if (!check_values(d, field, tree) || !check_format(d, field, tree)) {
		return false;
	}

	text.value = resolve(d, field, text.value);
	*ret = text;
	return true;
}

void scalar_flag(const struct decoder *d, const struct field *field, const struct tree *tree,
		 struct flag *ret)
{
	static const char *const yes[] = { "yes", "on", "y", NULL };
	static const char *const no[] = { "no", "off", "n", NULL };
	bool is_true = strcmp(tree->text, "true") == 0;

	if (tree->plain && (is_true || strcmp(tree->text, "false") == 0)) {
		*ret = (struct flag){ .value = is_true, .set = true, .at = tree->at };
		return;
	}

	diag_error(d->diags, &tree->at, "expected true or false for '%s'", field->key);
	if (!tree->plain)
		diag_help(d->diags, "write it without quotes");
	else if (is_one_of(tree->text, yes) || is_one_of(tree->text, no))
		diag_help(d->diags, "write '%s'", is_one_of(tree->text, yes) ? "true" : "false");
}

void scalar_number(const struct decoder *d, const struct field *field, const struct tree *tree,
		   unsigned *ret)
{
	uint64_t number;

	if (tree->plain && text_parse_number(tree->text, UINT_MAX, &number)) {
		*ret = (unsigned)number;
		return;
	}

	diag_error(d->diags, &tree->at, "expected a whole number for '%s'", field->key);
}
