/*
 * keypieces.h
 *		Long key text is cut into pieces, each a list of its own.
 */
#ifndef DL_KEYPIECES_H
#define DL_KEYPIECES_H

/* Some elements and the commas between them. */
typedef struct DlKeyPiece
{
	const char *start;
	int			len;
} DlKeyPiece;

typedef struct DlKeyPieces
{
	char		brackets[2];
	int			count;
	int			max;
	DlKeyPiece *piece;
} DlKeyPieces;

extern bool dl_keypieces_cut(DlKeyPieces *pieces, const char *text,
							 bool nested);
extern char *dl_keypieces_list(const DlKeyPieces *pieces, int number);

#endif							/* DL_KEYPIECES_H */
