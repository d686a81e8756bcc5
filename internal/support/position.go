package support

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
)

// streamSeq is the name under which a row brings the last number of its stream.
const streamSeq = "stream_seq"

// PositionOf is where streams stand before a list is read; nil where the list
// is not asked for it.
func (s *Tickets) PositionOf(ctx context.Context, streams ...uuid.UUID) (*string, error) {
	if s.Streams == nil || !ent.Asked(ctx, "streamPosition") {
		return nil, nil
	}
	at, err := s.Streams.Position(ctx, streams...)
	return &at, err
}

// withStream reads with each ticket where its stream stands, in one statement:
// no change of the ticket lies between the two.
func withStream(s *sql.Selector) {
	streams := sql.Dialect(s.Dialect()).Table("streams").As("told")
	s.AppendSelectExprAs(sql.Dialect(s.Dialect()).Select(streams.C("stream_seq")).From(streams).Where(sql.ColumnsEQ(streams.C("id"), s.C("id"))), streamSeq)
}

// StreamPosition is where the stream of a ticket stood when it was read; nil
// where it was read without.
func (s *Tickets) StreamPosition(ctx context.Context, t *ent.Ticket) (*string, error) {
	read, err := t.Value(streamSeq)
	if err != nil || s.Streams == nil {
		return nil, nil // it was not asked for where the ticket was read
	}
	seq, _ := read.(int64) // of one that nothing was told of: 0
	at, err := s.Streams.At(ctx, map[uuid.UUID]int64{t.ID: seq})
	return &at, err
}
