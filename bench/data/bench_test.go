package data

import "testing"

// BenchmarkPeople is the making of rows without the writing of them.
func BenchmarkPeople(b *testing.B) {
	p, h := Scale(1), House{Unit: "PTS:points"}
	for i := 0; b.Loop(); i++ {
		r := new(rows)
		r.person(p.Person(p.Bench+i%1000, h), h)
	}
}
