package config

import (
	"fmt"
	"io"
	"reflect"
	"strconv"

	"github.com/alecthomas/kong"
)

// Command is what the process was asked to do: one of the structs below.
type Command interface{ command() }

type (
	// Serve runs the server.
	Serve struct {
		Demo bool // with demonstration data and its three sign-ins
	}
	// MigrateUp brings the database to this binary's version.
	MigrateUp struct{}
	// MigrateStatus lists migrations, applied and not.
	MigrateStatus struct{}
	// ImportOrders takes a file of orders.
	ImportOrders struct {
		File   string
		Format string // "online-retail"
		Report string // file that receives the rows not taken; empty for none
		Earn   bool   // give points; nobody is notified
	}
	// ImportFile takes people, products, stock or orders from a file.
	ImportFile struct {
		File    string
		Kind    string // users, products, stock or orders; empty: the mapping's
		Mapping string // file that says which column is what; empty: columns are called as fields
		Policy  string // REJECT_ALL, REJECT_FAILED or IGNORE_FAILED
		Report  string // file that receives what was not taken; empty for none
		DryRun  bool
	}
	// ExportFile writes people, products, stock or orders into a file.
	ExportFile struct {
		File   string
		Kind   string // as of ImportFile
		Format string // csv, xlsx or ndjson; empty: by the file's name
	}
	// CheckLedger proves the books.
	CheckLedger struct{}
	// UserCreate makes one user; ReadPassword gives the password.
	UserCreate struct {
		Email string
		Name  string
		Admin bool

		password string
	}
	// Backup writes a consistent copy of the database while it is served.
	Backup struct{ File string }
	// Restore puts a copy in the place of the database while it is not.
	Restore struct {
		File       string // empty with RenewEpoch alone
		RenewEpoch bool   // after a restore by other means
	}
	// RotateKey seals with the first of the secret keys what older ones sealed.
	RotateKey struct{}
	// Version says which build this is.
	Version struct{}
)

func (Serve) command()         {}
func (MigrateUp) command()     {}
func (MigrateStatus) command() {}
func (ImportOrders) command()  {}
func (ImportFile) command()    {}
func (ExportFile) command()    {}
func (CheckLedger) command()   {}
func (UserCreate) command()    {}
func (Backup) command()        {}
func (Restore) command()       {}
func (RotateKey) command()     {}
func (Version) command()       {}

// UsageError is a command line that cannot be understood.
type UsageError struct{ Reason string }

// Error names the way out as well.
func (e *UsageError) Error() string { return e.Reason + "; kabinet --help lists what there is" }

// grammar is the command line as kong reads it. The flags of the settings are
// added to it from the table, each a *string that stays nil when not given.
type grammar struct {
	PrintConfig bool `help:"Print every setting, its value and where it comes from, with secrets hidden, and leave."`

	Serve struct {
		Demo *bool `negatable:"" help:"Fill an empty database with demonstration data and sign-ins; implies development mode. Variable: KABINET_DEMO. Default: false. Example: --demo"`
	} `cmd:"" default:"withargs" help:"Serve the API (what happens when no command is given)."`
	Migrate struct {
		Up     struct{} `cmd:"" help:"Bring the database to the version of this binary."`
		Status struct{} `cmd:"" help:"List the migrations, applied and waiting."`
	} `cmd:"" help:"Look after the database's schema."`
	Import struct {
		Orders struct {
			File   string `arg:"" help:"File to read, plain or gzip."`
			Format string `required:"" enum:"online-retail" placeholder:"FORMAT" help:"Layout of the file: online-retail. Example: --format online-retail"`
			Report string `placeholder:"FILE" help:"File that receives each row not taken, with its line number and reason. Default: none. Example: --report report.csv"`
			Earn   bool   `help:"Give the points of each order, dated now; nobody is notified. Default: false"`
		} `cmd:"" help:"Take orders from a file; run again, it takes up where it stopped."`
		File struct {
			File    string `arg:"" help:"File to read: .csv, .xlsx or .ndjson."`
			Kind    string `placeholder:"KIND" enum:",users,products,stock,orders" default:"" help:"What the rows are: users, products, stock or orders. Default: what the mapping says. Example: --kind products"`
			Mapping string `placeholder:"FILE" help:"YAML or JSON that says which column is what; docs/import.md. Default: columns are called as the fields are, as kabinet export writes them. Example: --mapping map.yaml"`
			Policy  string `placeholder:"POLICY" enum:"REJECT_ALL,REJECT_FAILED,IGNORE_FAILED" default:"REJECT_FAILED" help:"What becomes of the others when rows are bad: REJECT_ALL writes nothing, REJECT_FAILED leaves those rows out, IGNORE_FAILED only their bad fields. Default: REJECT_FAILED. Example: --policy REJECT_ALL"`
			Report  string `placeholder:"FILE" help:"File that receives what was not taken, with line, column and reason. Default: none. Example: --report report.csv"`
			DryRun  bool   `help:"Say what would become of the file and keep nothing. Default: false"`
		} `cmd:"" default:"withargs" help:"Take people, products, stock or orders from a file; run again, it changes nothing twice. Exit code 1 when rows were refused."`
	} `cmd:"" help:"Bring data in."`
	Export struct {
		File   string `arg:"" help:"File to write; it must not be there yet."`
		Kind   string `required:"" placeholder:"KIND" enum:"users,products,stock,orders" help:"What to write: users, products, stock or orders. Example: --kind products"`
		Format string `placeholder:"FORMAT" enum:",csv,xlsx,ndjson" default:"" help:"csv, xlsx or ndjson. Default: by the file's name. Example: --format xlsx"`
	} `cmd:"" help:"Write data into a file that kabinet import takes again; no text in it is a formula."`
	Check struct {
		Ledger struct{} `cmd:"" help:"Prove that the books balance; exit code 1 when they do not."`
	} `cmd:"" help:"Look for damage."`
	User struct {
		Create userCreate `cmd:"" help:"Make a user; the password is asked for, read from standard input, or taken from KABINET_PASSWORD."`
	} `cmd:"" help:"Look after users."`
	Backup struct {
		File string `arg:"" help:"File to write; it must not be there yet. Documents go into the directory FILE.files."`
	} `cmd:"" help:"Write a consistent copy of the SQLite database, also while it is served, and of the documents."`
	Restore struct {
		File       string `arg:"" optional:"" help:"File that kabinet backup wrote."`
		RenewEpoch bool   `help:"Only begin a new life of the event log, after a restore by other means such as pg_restore. Default: false"`
	} `cmd:"" help:"Put a backup in the place of the database while it is not served; what was there is kept beside it."`
	RotateKey struct{} `cmd:"" name:"rotate-key" help:"Seal with the first key of KABINET_SECRET_KEY what the older ones sealed, and say when those can go."`
	Version   struct{} `cmd:"" help:"Print the version."`
}

type userCreate struct {
	Email string `required:"" placeholder:"ADDRESS" help:"E-mail address, which is the login. Example: --email ann@example.com"`
	Name  string `placeholder:"NAME" help:"Name shown. Default: what stands before the @. Example: --name 'Ann Lee'"`
	Admin bool   `help:"Make an administrator; without it a customer. Default: false"`
}

// commandLine is what the arguments said.
type commandLine struct {
	command     Command
	demo        *bool
	printConfig bool
	flags       map[string]*string // by variable name; nil when not given
}

func parseLine(args []string, table []setting, stdout io.Writer) (commandLine, error) {
	var g grammar
	flags := settingFlags(table)
	left := false
	parser, err := kong.New(&g,
		kong.Name("kabinet"),
		kong.Description("A customer account behind one GraphQL API. Every setting is a flag and an environment variable; the flag wins. Go's own GOGC and GOMEMLIMIT, where they are not set, become 400 and a limit from the memory of the cgroup (four fifths) or of the machine (half)."),
		kong.Writers(stdout, stdout),
		kong.Exit(func(int) { left = true }), // kong would leave after help; the caller does
		kong.ConfigureHelp(kong.HelpOptions{FlagsLast: true}),
		kong.Embed(flags.Interface()),
	)
	if err != nil {
		return commandLine{}, fmt.Errorf("command line grammar: %w", err)
	}
	ctx, err := parser.Parse(args)
	if left {
		return commandLine{}, Exit{}
	}
	if err != nil {
		return commandLine{}, &UsageError{Reason: err.Error()}
	}
	line := commandLine{printConfig: g.PrintConfig, demo: g.Serve.Demo, flags: map[string]*string{}}
	for i, s := range table {
		line.flags[s.env], _ = flags.Elem().Field(i).Interface().(*string)
	}
	line.command = g.selected(ctx.Command())
	return line, nil
}

// selected turns kong's path of the chosen command into our own type.
func (g *grammar) selected(path string) Command {
	switch path {
	case "migrate up":
		return MigrateUp{}
	case "migrate status":
		return MigrateStatus{}
	case "import orders <file>":
		o := g.Import.Orders
		return ImportOrders{File: o.File, Format: o.Format, Report: o.Report, Earn: o.Earn}
	case "import file <file>":
		f := g.Import.File
		return ImportFile{File: f.File, Kind: f.Kind, Mapping: f.Mapping, Policy: f.Policy, Report: f.Report, DryRun: f.DryRun}
	case "export <file>":
		e := g.Export
		return ExportFile{File: e.File, Kind: e.Kind, Format: e.Format}
	case "check ledger":
		return CheckLedger{}
	case "user create":
		u := g.User.Create
		return UserCreate{Email: u.Email, Name: u.Name, Admin: u.Admin}
	case "backup <file>":
		return Backup{File: g.Backup.File}
	case "restore", "restore <file>":
		return Restore{File: g.Restore.File, RenewEpoch: g.Restore.RenewEpoch}
	case "rotate-key":
		return RotateKey{}
	case "version":
		return Version{}
	default:
		return Serve{}
	}
}

// settingFlags makes a struct with one *string for each row of the table, so
// that a flag cannot be forgotten.
func settingFlags(table []setting) reflect.Value {
	fields := make([]reflect.StructField, len(table))
	for i, s := range table {
		tag := "name:" + strconv.Quote(s.flag()) + " group:" + strconv.Quote(s.group) +
			" placeholder:\"VALUE\" help:" + strconv.Quote(s.help())
		fields[i] = reflect.StructField{Name: "F" + strconv.Itoa(i), Type: reflect.TypeFor[*string](), Tag: reflect.StructTag(tag)}
	}
	return reflect.New(reflect.StructOf(fields))
}
