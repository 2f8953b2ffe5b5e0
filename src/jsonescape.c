/*
 * jsonescape.c
 *		JSON strings.
 *
 * Most text contains nothing to escape, so it is copied 16 bytes at a time while
 * the same bytes are tested at once, then eight; single bytes are looked at only
 * around an escape and at the end.
 */
#include "postgres.h"

#include "jsonwriter.h"

#define EVERY_BYTE(c)	(UINT64CONST(0x0101010101010101) * (c))
#define HIGH_BITS		EVERY_BYTE(0x80)

/* An escape has at most this many bytes: \u001f */
#define MAX_ESCAPE		6

static inline bool
byte_needs_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

/*
 * Subtracting n from a byte below n borrows into its high bit; bytes that had
 * their high bit set before are not below n and are masked out.  A borrow can
 * make a byte above a hit look like a hit, too, but never makes one out of
 * nothing, so the answer for the word as a whole is exact.
 */
static inline bool
word_needs_escape(uint64 word)
{
	uint64		quote = word ^ EVERY_BYTE('"');
	uint64		backslash = word ^ EVERY_BYTE('\\');
	uint64		hits;

	hits = (word - EVERY_BYTE(0x20)) & ~word;
	hits |= (quote - EVERY_BYTE(1)) & ~quote;
	hits |= (backslash - EVERY_BYTE(1)) & ~backslash;
	return (hits & HIGH_BITS) != 0;
}

/*
 * Vectors of GCC and clang, which make of them what the machine has: SSE2, Neon,
 * or plain words.  (Core's port/simd.h came with 16.)
 */
typedef uint8 ByteVector __attribute__((vector_size(16)));
typedef uint64 WordVector __attribute__((vector_size(16)));

static inline bool
vector_needs_escape(ByteVector bytes)
{
	const ByteVector zero = {0};
	WordVector	hits = (WordVector) ((bytes < zero + 0x20) |
									 (bytes == zero + '"') |
									 (bytes == zero + '\\'));

	return (hits[0] | hits[1]) != 0;
}

/* Writes the escape for c; returns the byte behind it. */
static char *
put_escape(char *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	*out++ = '\\';
	switch (c)
	{
		case '\b':
			*out++ = 'b';
			break;
		case '\f':
			*out++ = 'f';
			break;
		case '\n':
			*out++ = 'n';
			break;
		case '\r':
			*out++ = 'r';
			break;
		case '\t':
			*out++ = 't';
			break;
		case '"':
		case '\\':
			*out++ = c;
			break;
		default:
			*out++ = 'u';
			*out++ = '0';
			*out++ = '0';
			*out++ = hex[c >> 4];
			*out++ = hex[c & 0x0f];
	}
	return out;
}

/*
 * Copies up to the first byte that needs an escape; returns how many bytes
 * that are.  "out" has room for all n.
 */
static inline Size
copy_plain(char *out, const char *bytes, Size n)
{
	Size		done = 0;

	for (; n - done >= sizeof(ByteVector); done += sizeof(ByteVector))
	{
		ByteVector	vector;

		memcpy(&vector, bytes + done, sizeof(vector));
		if (vector_needs_escape(vector))
			break;
		memcpy(out + done, &vector, sizeof(vector));
	}
	for (; n - done >= sizeof(uint64); done += sizeof(uint64))
	{
		uint64		word;

		memcpy(&word, bytes + done, sizeof(word));
		if (word_needs_escape(word))
			break;
		memcpy(out + done, &word, sizeof(word));
	}
	for (; done < n && !byte_needs_escape(bytes[done]); done++)
		out[done] = bytes[done];
	return done;
}

void
dl_json_write_string(DlBuffer *buf, const char *bytes, Size n)
{
	dl_buffer_reserve(buf, n + 2);
	buf->data[buf->len++] = '"';

	for (;;)
	{
		Size		done = copy_plain(buf->data + buf->len, bytes, n);
		char	   *end;

		buf->len += done;
		bytes += done;
		n -= done;
		if (n == 0)
			break;

		/* one escape, the rest unescaped, and the closing quote */
		dl_buffer_reserve(buf, n + MAX_ESCAPE);
		end = put_escape(buf->data + buf->len, *bytes);
		buf->len = end - buf->data;
		bytes++;
		n--;
	}

	buf->data[buf->len++] = '"';
}
