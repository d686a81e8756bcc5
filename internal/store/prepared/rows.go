package prepared

import (
	"context"
	"database/sql/driver"
	"io"
	"reflect"
)

// rows are open rows of a connection, and of the statement that is kept for
// their text, if one is.
type rows struct {
	driver.Rows
	conn   *conn
	of     *statement
	ctx    context.Context
	closed bool
}

// Next implements driver.Rows.
func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err == nil || err == io.EOF {
		return err
	}
	return r.conn.ended(r.ctx, err)
}

// Close implements driver.Rows.
func (r *rows) Close() error {
	err := r.Rows.Close()
	if !r.closed {
		r.closed = true
		r.conn.open--
		if r.of != nil {
			if r.of.reading = false; r.of.dropped {
				r.of.drop()
			}
		}
	}
	return r.conn.ended(r.ctx, err)
}

// The rest is optional in a driver: each passes on what the driver has, and
// says otherwise what database/sql takes its absence for.

// HasNextResultSet implements driver.RowsNextResultSet.
func (r *rows) HasNextResultSet() bool {
	inner, ok := r.Rows.(driver.RowsNextResultSet)
	return ok && inner.HasNextResultSet()
}

// NextResultSet implements driver.RowsNextResultSet.
func (r *rows) NextResultSet() error {
	if inner, ok := r.Rows.(driver.RowsNextResultSet); ok {
		return inner.NextResultSet()
	}
	return io.EOF
}

// ColumnTypeScanType implements driver.RowsColumnTypeScanType.
func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	if inner, ok := r.Rows.(driver.RowsColumnTypeScanType); ok {
		return inner.ColumnTypeScanType(i)
	}
	return reflect.TypeFor[any]()
}

// ColumnTypeDatabaseTypeName implements driver.RowsColumnTypeDatabaseTypeName.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string {
	if inner, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return inner.ColumnTypeDatabaseTypeName(i)
	}
	return ""
}

// ColumnTypeLength implements driver.RowsColumnTypeLength.
func (r *rows) ColumnTypeLength(i int) (length int64, ok bool) {
	if inner, is := r.Rows.(driver.RowsColumnTypeLength); is {
		return inner.ColumnTypeLength(i)
	}
	return 0, false
}

// ColumnTypeNullable implements driver.RowsColumnTypeNullable.
func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	if inner, is := r.Rows.(driver.RowsColumnTypeNullable); is {
		return inner.ColumnTypeNullable(i)
	}
	return false, false
}

// ColumnTypePrecisionScale implements driver.RowsColumnTypePrecisionScale.
func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	if inner, is := r.Rows.(driver.RowsColumnTypePrecisionScale); is {
		return inner.ColumnTypePrecisionScale(i)
	}
	return 0, 0, false
}
