package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"kabinet/bench/data"
	"kabinet/bench/target"
)

// plan is that of the flags.
func (b *bench) plan() data.Plan {
	if b.quick {
		return data.Tiny()
	}
	return data.Scale(b.scale)
}

// postgres makes sure of the data of a plan and gives a database to work on.
func (b *bench) postgres(ctx context.Context, p data.Plan, run string, clone bool) (target.Database, error) {
	db := target.Database{Plan: p, Name: "bench_" + p.Name()}
	there, err := b.cluster.Has(ctx, db.Name)
	if err == nil && !there {
		err = b.fillPostgres(ctx, p, db.Name)
	}
	if err != nil {
		return db, err
	}
	if clone {
		from := db.Name
		db.Name = "run_" + run
		b.drop = append(b.drop, db.Name)
		err = b.cluster.Clone(ctx, from, db.Name)
	}
	db.URL = b.cluster.URL(db.Name)
	return db, err
}

// makeData makes what a later run would.
func (b *bench) makeData(ctx context.Context) error {
	_, err := b.postgres(ctx, b.plan(), "", false)
	if err == nil && b.wants("sqlite") {
		_, err = b.sqlite(ctx, b.plan(), "", false)
	}
	return err
}

func (b *bench) fillPostgres(ctx context.Context, p data.Plan, name string) error {
	fmt.Fprintf(b.out, "making the data on PostgreSQL: %d users\n", p.Users)
	if err := b.room(p); err != nil {
		return err
	}
	unfinished := name + "_new"
	if err := b.cluster.Create(ctx, unfinished); err != nil {
		return err
	}
	if err := b.house(ctx, b.cluster.URL(unfinished)); err != nil {
		return err
	}
	if err := data.Postgres(ctx, b.cluster.URL(unfinished), p, b.out); err != nil {
		return err
	}
	return b.cluster.Rename(ctx, unfinished, name)
}

// room refuses to fill a disk that cannot hold it: a user comes to some
// 260 KB, on SQLite and in what PostgreSQL logs meanwhile.
func (b *bench) room(p data.Plan) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(b.cache, &disk); err != nil {
		return err
	}
	const aUser = 260 << 10
	if free, need := int64(disk.Bavail)*disk.Bsize, int64(p.Users)*aUser; free < need {
		return fmt.Errorf("%s has room for %d GB, the data wants %d GB", b.cache, free>>30, need>>30)
	}
	return nil
}

// house has kabinet migrate a database and make what it starts with.
func (b *bench) house(ctx context.Context, url string) error {
	cmd := exec.CommandContext(ctx, b.kabinets[0].path, "user", "create", "--email="+data.Administrator, "--admin", "--name=Bench")
	cmd.Env = append(target.Environment(url), "KABINET_PASSWORD=correct horse battery staple")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("kabinet user create: %w\n%s", err, out)
	}
	return nil
}

// sqlite is postgres for a file.
func (b *bench) sqlite(ctx context.Context, p data.Plan, run string, clone bool) (target.Database, error) {
	path := filepath.Join(b.cache, p.Name()+".db")
	if _, err := os.Stat(path); err != nil {
		if err := b.fillSQLite(ctx, p, path); err != nil {
			return target.Database{}, err
		}
	}
	if clone {
		from := path
		path = filepath.Join(b.cache, "run-"+run+".db")
		b.remove = append(b.remove, path)
		if err := copyFile(from, path); err != nil {
			return target.Database{}, err
		}
	}
	return target.Database{URL: "sqlite://" + path, Plan: p}, nil
}

func (b *bench) fillSQLite(ctx context.Context, p data.Plan, path string) error {
	fmt.Fprintf(b.out, "making the data on SQLite: %d users\n", p.Users)
	if err := b.room(p); err != nil {
		return err
	}
	unfinished := path + ".new"
	removeSQLite(unfinished) // of a run that was cut off
	if err := b.house(ctx, "sqlite://"+unfinished); err != nil {
		return err
	}
	if err := data.SQLite(ctx, unfinished, p, b.out); err != nil {
		return err
	}
	defer removeSQLite(unfinished) // what is beside it
	return os.Rename(unfinished, path)
}

// removeSQLite removes a file of SQLite with all that comes with it.
func removeSQLite(path string) {
	for _, suffix := range []string{"", "-wal", "-shm", ".migrating"} {
		_ = os.Remove(path + suffix) // what is not there is removed
	}
}

func copyFile(from, to string) error {
	removeSQLite(to) // of a run that was cut off
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}
