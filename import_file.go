package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kabinet/internal/adapter/progress"
	"kabinet/internal/adapter/report"
	"kabinet/internal/adapter/sheet"
	"kabinet/internal/adapter/table"
	"kabinet/internal/config"
	"kabinet/internal/intake"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// importFile runs the command: the progress goes to stderr, the summary to
// stdout, what was not taken to the report where one is asked for.
func (k *kabinet) importFile(ctx context.Context, c config.ImportFile, stdout, stderr io.Writer) error {
	info, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	m, options, err := mapped(c)
	if err != nil {
		return err
	}
	var rows *report.File // nil takes rows and keeps none
	if c.Report != "" {
		if rows, err = report.Create(c.Report, "line", "column", "field", "code", "text"); err != nil {
			return err
		}
		defer rows.Discard() // does nothing after Commit
	}
	bar := progress.New(stderr, filepath.Base(c.File), info.Size())
	var src *tableSource
	open := func() (intake.Source, error) {
		r, err := table.Open(c.File, options)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.File, err)
		}
		src = &tableSource{r}
		return src, nil
	}
	began := time.Now()
	sum, err := intake.Import(viewer.AsSystem(ctx, "import"), m, open, k.into(), intake.Options{
		Policy: scalar.ErrorPolicy(c.Policy), Dry: c.DryRun, Changed: earlier(info.ModTime().UTC().Truncate(time.Microsecond), k.store.Now()),
		Trouble: func(t intake.Trouble) {
			rows.Row(strconv.Itoa(t.Line), t.Column, t.Field, t.Code, t.Text)
		},
		Moved: func(sum intake.Summary) {
			bar.Set(min(src.Offset(), info.Size()), strconv.FormatInt(sum.Rows, 10)+" rows")
		},
	})
	bar.End(err == nil)
	if err != nil {
		return stopped(c, sum, err)
	}
	if err := rows.Commit(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	err = fileSummary(stdout, c, sum, time.Since(began))
	if err == nil && sum.Refused > 0 {
		err = config.Exit{Code: 1}
	}
	return err
}

// earlier is the time of a file, unless the clock that wrote it goes ahead.
func earlier(file, now time.Time) time.Time {
	if file.After(now) {
		return now
	}
	return file
}

// stopped says why an import ended early, and what stays of it.
func stopped(c config.ImportFile, sum intake.Summary, err error) error {
	if sum.Created+sum.Updated > 0 && !c.DryRun {
		return fmt.Errorf("%s: stopped after %d rows; what was taken stays, and the same command again goes on: %w", c.File, sum.Rows, err)
	}
	return fmt.Errorf("%s: %w", c.File, err)
}

// mapped is the mapping of the command, and how it reads the file.
func mapped(c config.ImportFile) (*intake.Mapping, table.Options, error) {
	var m *intake.Mapping
	options := table.Options{}
	if c.Mapping == "" {
		if c.Kind == "" {
			return nil, options, errors.New("say what the rows are: --kind users, products, stock or orders")
		}
		r, err := table.Open(c.File, options)
		if err != nil {
			return nil, options, fmt.Errorf("%s: %w", c.File, err)
		}
		columns := r.Columns()
		if err := r.Close(); err != nil {
			return nil, options, err
		}
		m, err = intake.Standard(intake.Kind(c.Kind), columns, table.FormatOf(c.File))
		return m, options, err
	}
	text, err := os.ReadFile(c.Mapping)
	if err != nil {
		return nil, options, err
	}
	if m, err = intake.ReadMapping(text); err != nil {
		return nil, options, fmt.Errorf("%s: %w", c.Mapping, err)
	}
	if c.Kind != "" && string(m.Kind) != c.Kind {
		return nil, options, fmt.Errorf("%s: it is for %s, and --kind says %s", c.Mapping, m.Kind, c.Kind)
	}
	options = table.Options{Format: m.Format, Encoding: m.Encoding, Sheet: m.Sheet}
	if m.Delimiter != "" {
		options.Delimiter, _ = utf8.DecodeRuneInString(m.Delimiter)
	}
	return m, options, nil
}

func fileSummary(w io.Writer, c config.ImportFile, sum intake.Summary, took time.Duration) error {
	s := fmt.Sprintf("%d rows = %d items: %d created, %d updated, %d unchanged, %d outdated, %d refused, %d skipped\n",
		sum.Rows, sum.Items, sum.Created, sum.Updated, sum.Unchanged, sum.Outdated, sum.Refused, sum.Skipped)
	if sum.Spared > 0 {
		s += fmt.Sprintf("of %d items bad fields were left out\n", sum.Spared)
	}
	switch {
	case c.DryRun:
		s += "a dry run: nothing was written\n"
	case sum.Skipped > 0:
		s += "nothing was written\n"
	}
	if c.Report != "" {
		s += "what was not taken: " + c.Report + "\n"
	}
	_, err := fmt.Fprintf(w, "%stook %s\n", s, took.Round(100*time.Millisecond))
	return err
}

// into are the verbs that an import hands rows to.
func (k *kabinet) into() intake.Into {
	return intake.Into{Users: k.arrivals.UpsertUsers, Products: k.goods.Upsert, Stock: k.goods.UpsertStock, Orders: k.orders.Upsert, Contacts: k.arrivals.Contacts}
}

// tableSource makes the reader of files fit intake.Source: adapters and what
// stands above the domains do not know each other.
type tableSource struct{ table.Reader }

// Next gives the next row.
func (s *tableSource) Next() (intake.Row, error) {
	row, err := s.Reader.Next()
	var bad *table.Problem
	if errors.As(err, &bad) {
		err = &intake.RowProblem{Text: bad.Text}
	}
	return intake.Row{Line: row.Line, Cell: func(column string) (intake.Cell, bool) {
		c, there := row.Cell(column)
		return intake.Cell(c), there
	}}, err
}

// exportFile runs the command. The file appears whole or not at all.
func (k *kabinet) exportFile(ctx context.Context, c config.ExportFile, stdout, stderr io.Writer) (err error) {
	format := c.Format
	if format == "" {
		format = table.FormatOf(c.File)
	}
	if !slices.Contains([]string{"csv", "xlsx", "ndjson"}, format) {
		return fmt.Errorf("%s: say the format: --format csv, xlsx or ndjson", c.File)
	}
	if _, err := os.Lstat(c.File); err == nil {
		return fmt.Errorf("%s is there already", c.File)
	}
	temp, err := os.CreateTemp(filepath.Dir(c.File), "."+filepath.Base(c.File)+".*")
	if err != nil {
		return err
	}
	defer func() {
		_ = temp.Close()
		_ = os.Remove(temp.Name()) // gone by then where all went well
	}()
	out, err := writer(temp, format, c.Kind)
	if err != nil {
		return err
	}
	bar := progress.New(stderr, filepath.Base(c.File), 0)
	done, err := intake.Export(viewer.AsSystem(ctx, "export"), k.store, intake.Kind(c.Kind), out, func(e intake.Exported) {
		bar.Set(0, strconv.FormatInt(e.Items, 10)+" "+c.Kind)
	})
	bar.End(err == nil)
	for _, finish := range []func() error{out.Close, temp.Sync, func() error { return os.Link(temp.Name(), c.File) }} {
		if err == nil {
			err = finish()
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	s := fmt.Sprintf("%d %s, %d rows: %s\n", done.Items, c.Kind, done.Rows, c.File)
	if done.NoName > 0 {
		s += fmt.Sprintf("%d %s that no outside system has a key for are not in it\n", done.NoName, strings.TrimSuffix(c.Kind, "s")+"s")
	}
	_, err = io.WriteString(stdout, s)
	return err
}

// writer begins a file of a format.
func writer(w io.Writer, format, kind string) (sheet.Table, error) {
	heads := intake.Columns(intake.Kind(kind))
	switch format {
	case "csv":
		return sheet.CSV(w, heads)
	case "xlsx":
		return sheet.XLSX(w, kind, heads)
	}
	return table.NewLines(w, heads)
}
