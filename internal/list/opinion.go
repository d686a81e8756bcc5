package list

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"kabinet/internal/fault"
)

// rating is the mean of so many stars with one decimal, halves up; nil of none.
func rating(sum, count int64) *string {
	if count <= 0 {
		return nil
	}
	tenths := (20*sum + count) / (2 * count)
	s := strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10)
	return &s
}

// counted is by how much the sum and the count of a product's published
// reviews change when one of so many stars goes from one state to another.
func counted(from, to ReviewStatus, was, now int) (sum, count int64) {
	if from == ReviewStatusPublished {
		sum, count = sum-int64(was), count-1
	}
	if to == ReviewStatusPublished {
		sum, count = sum+int64(now), count+1
	}
	return sum, count
}

// checkModerate judges a decision by itself. Faults: INVALID_VALUE, REQUIRED,
// TOO_LONG.
func checkModerate(in ModerateReviewInput) error {
	switch in.Status {
	case ReviewStatusPublished:
		if in.Reason != nil {
			return fault.ErrInvalidValue.At("input", "reason")
		}
	case ReviewStatusRejected:
		if in.Reason == nil {
			return fault.ErrRequired.At("input", "reason")
		}
		return checkText(*in.Reason, maxReason, "input", "reason")
	default:
		return fault.ErrInvalidValue.At("input", "status")
	}
	return nil
}

// checkReview judges what is said of a product by itself; fresh: it is the
// first time. Faults: REQUIRED, OUT_OF_RANGE, TOO_LONG, INVALID_VALUE.
func checkReview(in SaveReviewInput, fresh bool) error {
	switch {
	case in.Rating == nil && fresh:
		return fault.ErrRequired.At("input", "rating")
	case in.Rating != nil && (*in.Rating < 1 || *in.Rating > 5):
		return fault.ErrOutOfRange.With("min", 1).With("max", 5).At("input", "rating")
	}
	if t := in.Title.Value(); t != nil {
		if err := checkText(*t, maxHeadline, "input", "title"); err != nil {
			return err
		}
	}
	if b := in.Body.Value(); b != nil {
		return checkText(*b, maxBody, "input", "body")
	}
	return nil
}

// checkText judges a text that must say something. Faults: REQUIRED, TOO_LONG,
// INVALID_VALUE for what PostgreSQL keeps no text of.
func checkText(s string, most int, path ...string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return fault.ErrRequired.At(path...)
	case utf8.RuneCountInString(s) > most:
		return fault.ErrTooLong.With("limit", most).At(path...)
	case strings.ContainsRune(s, 0) || !utf8.ValidString(s):
		return fault.ErrInvalidValue.At(path...)
	}
	return nil
}

// naming is what a person is called, and who may see it: EVERYBODY, SHORTENED
// (where it is empty too) or NOBODY.
type naming struct {
	given, family, nickname string
	shownTo                 string
}

// author is the name beside a review; nil where nobody sees one.
func (n naming) author() *string {
	name := n.nickname
	if n.shownTo != "NOBODY" && n.given != "" {
		name = n.given
		if initial, size := utf8.DecodeRuneInString(n.family); size > 0 {
			name += " " + string(initial) + "."
			if n.shownTo == "EVERYBODY" {
				name = n.given + " " + n.family
			}
		}
	}
	if name == "" {
		return nil
	}
	return &name
}
