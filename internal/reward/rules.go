package reward

import (
	"crypto/rand"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	ent "kabinet/ent/generated"
	entreward "kabinet/ent/generated/reward"
	entredemption "kabinet/ent/generated/rewardredemption"
	"kabinet/internal/fault"
)

// maxQuantity is how many of a reward are exchanged at once, at most.
const maxQuantity = 100

// checkQuantity is how many are asked for, 1 when it is not said.
func checkQuantity(n *int) (int64, error) {
	switch {
	case n == nil:
		return 1, nil
	case *n < 1 || *n > maxQuantity:
		return 0, fault.ErrOutOfRange.At("input", "quantity").With("min", 1).With("max", maxQuantity)
	}
	return int64(*n), nil
}

// alphabet are the signs of a code: no letter that is taken for a digit.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeSigns is how many signs a code has: 60 bits, which nobody guesses at the
// pace that the till's limit leaves.
const codeSigns = 12

// newCode is a code in groups of four.
func newCode() string {
	random := make([]byte, codeSigns)
	_, _ = rand.Read(random) // crypto/rand never fails
	var b strings.Builder
	for i, r := range random {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[r&31])
	}
	return b.String()
}

// fold is the key of a code, however people type it: what looks alike is the
// same sign, spaces and dashes do not count. Empty for what is no code.
func fold(code string) string {
	if len(code) > 64 {
		return ""
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(code) {
		switch {
		case r == 'O':
			r = '0'
		case r == 'I' || r == 'L':
			r = '1'
		case r == '-' || unicode.IsSpace(r):
			continue
		}
		if !strings.ContainsRune(alphabet, r) {
			return ""
		}
		b.WriteRune(r)
	}
	if b.Len() != codeSigns {
		return ""
	}
	return b.String()
}

// atOnce says whether what is exchanged is handed over in that moment: a code
// that the owner reads.
func atOnce(k entreward.Kind) bool { return k == entreward.KindCOUPON || k == entreward.KindGIFT }

// expired says whether an exchanged reward can be used no more, whether the
// clock has come by or not.
func expired(d *ent.RewardRedemption, now time.Time) bool {
	return d.Status == entredemption.StatusEXPIRED ||
		d.Status == entredemption.StatusISSUED && d.ExpiresAt != nil && !d.ExpiresAt.After(now)
}

// canCancel is the rule of giving back. An unused one is given back by its
// owner, where the reward lets him, and by staff. A coupon is, where its code
// can be taken back; a gift's code was read, so staff alone decide.
func canCancel(d *ent.RewardRedemption, byStaff, voids bool, now time.Time) bool {
	if !byStaff && !d.Cancellable {
		return false
	}
	switch {
	case expired(d, now):
		return false
	case d.Status == entredemption.StatusISSUED:
		return true
	case d.Status != entredemption.StatusFULFILLED:
		return false
	case d.Kind == entredemption.KindCOUPON:
		return voids
	}
	return d.Kind == entredemption.KindGIFT && byStaff
}

// maxNote is the longest reason or note, in characters.
const maxNote = 500

// checkNote is the rule of what is written on an exchanged reward; nil for nothing.
func checkNote(s *string, field string) (*string, error) {
	if s == nil {
		return nil, nil
	}
	text := strings.TrimSpace(*s)
	switch {
	case text == "":
		return nil, nil
	case utf8.RuneCountInString(text) > maxNote:
		return nil, fault.ErrTooLong.At("input", field).With("limit", maxNote)
	case !plain(text):
		return nil, fault.ErrInvalidValue.At("input", field)
	}
	return &text, nil
}

// plain says whether a text holds nothing that a terminal or a database would
// choke on.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
}

// next are the states that staff move a reward to.
var next = map[entreward.Status][]entreward.Status{
	entreward.StatusDRAFT:  {entreward.StatusACTIVE, entreward.StatusENDED},
	entreward.StatusACTIVE: {entreward.StatusPAUSED, entreward.StatusENDED},
	entreward.StatusPAUSED: {entreward.StatusACTIVE, entreward.StatusENDED},
}

const day = 24 * time.Hour
