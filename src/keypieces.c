/*-------------------------------------------------------------------------
 *
 * keypieces.c
 *	  Long key text is cut into pieces, each a list of its own.
 *
 * The input functions of arrays and of JSON read a text in one go, in which no
 * query can be cancelled: ten million strings take seconds.  So a long list is
 * cut at some of its commas, and between two pieces a cancel is heard.
 *
 * Only the outermost level is looked at, and only as far as both forms have it
 * in common: double quotes, a backslash in front of any byte, brackets.  What
 * does not look as it should is not cut, so that the whole text is read, or
 * refused, as a short one is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "keypieces.h"
#include "miscadmin.h"

/* 1 MB is read in some tens of milliseconds. */
#define PIECE_SIZE 1048576

#define SPACE " \t\n\r\v\f"

static bool cut(DlKeyPieces *pieces, const char *text, bool nested);
static void add_piece(DlKeyPieces *pieces, const char *start, const char *end);

/*
 * Cuts a list, which begins with a bracket; "nested" says whether its elements
 * may be lists, too.  False if the text is short, or not to be cut.  Allocates
 * in CurrentMemoryContext; the pieces point into the text.
 */
bool
dl_keypieces_cut(DlKeyPieces *pieces, const char *text, bool nested)
{
	memset(pieces, 0, sizeof(DlKeyPieces));
	if (strnlen(text, PIECE_SIZE) < PIECE_SIZE)
		return false;
	pieces->brackets[0] = *text;
	pieces->brackets[1] = *text == '[' ? ']' : '}';
	return cut(pieces, text + 1, nested);
}

static bool
cut(DlKeyPieces *pieces, const char *text, bool nested)
{
	const char *start = text;
	bool		quoted = false;
	int			depth = 0;

	for (const char *p = text; *p != '\0'; p++)
	{
		switch (*p)
		{
			case '\\':
				if (*++p == '\0')
					return false;
				break;
			case '"':
				quoted = !quoted;
				break;
			case '[':
			case '{':
				if (quoted)
					break;
				if (!nested)
					return false;
				depth++;
				break;
			case ']':
			case '}':
				if (quoted || depth-- > 0)
					break;
				add_piece(pieces, start, p);
				return *p == pieces->brackets[1] &&
					start + strspn(start, SPACE) < p &&
					p[1 + strspn(p + 1, SPACE)] == '\0';
			case ',':
				if (quoted || depth > 0 || p - start < PIECE_SIZE)
					break;
				CHECK_FOR_INTERRUPTS();
				add_piece(pieces, start, p);
				start = p + 1;
				break;
		}
	}
	return false;
}

static void
add_piece(DlKeyPieces *pieces, const char *start, const char *end)
{
	if (pieces->count == pieces->max)
	{
		pieces->max = Max(pieces->max * 2, 16);
		pieces->piece = pieces->piece == NULL ?
			palloc(pieces->max * sizeof(DlKeyPiece)) :
			repalloc(pieces->piece, pieces->max * sizeof(DlKeyPiece));
	}
	pieces->piece[pieces->count].start = start;
	pieces->piece[pieces->count].len = (int) (end - start);
	pieces->count++;
}

/* A list of the elements of one piece. */
char *
dl_keypieces_list(const DlKeyPieces *pieces, int number)
{
	return psprintf("%c%.*s%c", pieces->brackets[0],
					pieces->piece[number].len, pieces->piece[number].start,
					pieces->brackets[1]);
}
