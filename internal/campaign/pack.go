package campaign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"
)

// Codes of a pack are not stored: a code is its number, hidden, and six bytes
// that only the key makes of it, 16 characters in all. A wrong one is hit by
// one guess in 2^48; a right one is stored when it is entered.

const packDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// packCode is the code of a number, from 1, printed as XXXX-XXXX-XXXX-XXXX.
func packCode(key []byte, number uint32) string {
	var raw [10]byte
	tag := packTag(key, number)
	copy(raw[4:], tag)
	binary.BigEndian.PutUint32(raw[:4], number^packMask(key, tag))
	var b strings.Builder
	var bits, have uint32
	for _, c := range raw {
		bits, have = bits<<8|uint32(c), have+8
		for have >= 5 {
			have -= 5
			if n := b.Len(); n == 4 || n == 9 || n == 14 {
				b.WriteByte('-')
			}
			b.WriteByte(packDigits[bits>>have&31])
		}
	}
	return b.String()
}

// packNumber reads a code back; 0 where it is none of the key's. Case, spaces
// and hyphens do not matter, and letters that look like digits are read so.
func packNumber(key []byte, code string) uint32 {
	var raw []byte
	var bits, have uint32
	digits := 0
	for _, r := range strings.ToUpper(code) {
		switch r {
		case ' ', '-', '\u2010', '\u2011', '\u2013', '\u00a0':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		d := strings.IndexRune(packDigits, r)
		if digits++; d < 0 || digits > 16 {
			return 0
		}
		bits, have = bits<<5|uint32(d), have+5
		if have >= 8 {
			have -= 8
			raw = append(raw, byte(bits>>have))
		}
	}
	if len(raw) != 10 {
		return 0
	}
	number := binary.BigEndian.Uint32(raw[:4]) ^ packMask(key, raw[4:])
	if !hmac.Equal(packTag(key, number), raw[4:]) {
		return 0
	}
	return number
}

func packTag(key []byte, number uint32) []byte {
	var n [5]byte
	n[0] = 't'
	binary.BigEndian.PutUint32(n[1:], number)
	h := hmac.New(sha256.New, key)
	h.Write(n[:])
	return h.Sum(nil)[:6]
}

func packMask(key, tag []byte) uint32 {
	h := hmac.New(sha256.New, key)
	h.Write([]byte{'m'})
	h.Write(tag)
	return binary.BigEndian.Uint32(h.Sum(nil))
}
