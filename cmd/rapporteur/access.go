package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/graph/auth"
	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

// accessFlags say who may ask and record.
type accessFlags struct {
	Auth          string   `default:"none" enum:"none,token,oidc" help:"Who may ask, record and edit: none, everybody on this machine; token, who has a token that rapporteur token made; oidc, who has a token of an OpenID Connect issuer (default ${default})."`
	AllowInsecure bool     `help:"With --auth none, serve an address that other machines reach all the same: whoever reaches it may record and edit."`
	AllowedHost   []string `placeholder:"HOST" help:"Answer under this name too, for example rid.example. With --auth token or oidc: under the names that are given, and those of this machine itself, alone. May be repeated."`
	tokenKeyFlag

	OIDCIssuer    string   `name:"oidc-issuer" placeholder:"URL" help:"With --auth oidc: the issuer, as its tokens have it in iss, for example https://id.example/realms/rid."`
	OIDCAudience  string   `name:"oidc-audience" placeholder:"NAME" help:"With --auth oidc: what its tokens for this server have in aud."`
	OIDCRoleClaim string   `name:"oidc-role-claim" default:"roles" placeholder:"CLAIM" help:"With --auth oidc: the claim that says what somebody is, with dots for one within another, for example realm_access.roles (default ${default})."`
	OIDCRole      []string `name:"oidc-role" sep:";" placeholder:"VALUE=ROLE" help:"With --auth oidc: whoever has this value in that claim has this role, for example rid-analysts=RECORDER; may be repeated. Without any, the values READER, RECORDER and EDITOR are the roles."`
}

// tokenKeyFlag names the file of the keys that sign tokens.
type tokenKeyFlag struct {
	TokenKey string `placeholder:"FILE" help:"The file of the keys that sign tokens (default: token-keys.pem in the folder of the store); it is made if it is not there, and looked at with every token: a key that is taken out ends its tokens."`
}

// file is the key file, and the folder it is in by default is one of a store.
func (f tokenKeyFlag) file(store storeFlag) (string, error) {
	if f.TokenKey != "" {
		return f.TokenKey, nil
	}
	dir, err := store.Store.dir()
	if err != nil {
		return "", fmt.Errorf("where the keys of the tokens are: %w; or name their file with --token-key FILE", err)
	}
	if err := embedded.CheckFolder(dir); err != nil {
		return "", err // A key is not put into somebody else's folder.
	}
	return filepath.Join(dir, embedded.TokenKeys), nil
}

// check finds what is wrong with the flags by themselves.
func (f accessFlags) check() error {
	for _, host := range f.AllowedHost {
		if err := httpgraphql.CheckHost(host); err != nil {
			return &usage{"--allowed-host " + err.Error()}
		}
	}
	switch {
	case f.TokenKey != "" && f.Auth != "token":
		return &usage{fmt.Sprintf("--token-key is given, but --auth is %s; give --auth token too, or leave it out", f.Auth)}
	case (f.OIDCIssuer != "" || f.OIDCAudience != "" || len(f.OIDCRole) > 0) && f.Auth != "oidc":
		return &usage{fmt.Sprintf("an --oidc flag is given, but --auth is %s; give --auth oidc too, or leave it out", f.Auth)}
	case f.AllowInsecure && f.Auth != "none":
		return &usage{"--allow-insecure is for --auth none alone; leave it out"}
	case f.Auth == "oidc" && (f.OIDCIssuer == "" || f.OIDCAudience == ""):
		return &usage{"--auth oidc needs an --oidc-issuer and an --oidc-audience: whose tokens are taken, and for whom"}
	case f.Auth == "oidc":
		if err := auth.CheckIssuer(f.OIDCIssuer); err != nil {
			return &usage{"--oidc-issuer: " + err.Error()}
		}
		_, err := f.oidcRoles()
		return err
	}
	return nil
}

// oidcRoles says which role a value of the claim gives.
func (f accessFlags) oidcRoles() (map[string]auth.Role, error) {
	roles := map[string]auth.Role{}
	if len(f.OIDCRole) == 0 {
		for _, role := range auth.Roles() {
			roles[role.String()] = role
		}
	}
	for _, text := range f.OIDCRole {
		i := strings.LastIndex(text, "=") // A value may have some of its own: cn=analysts,ou=rid.
		if i < 1 {
			return nil, &usage{fmt.Sprintf("--oidc-role %q is not of the form VALUE=ROLE, for example rid-analysts=RECORDER", text)}
		}
		role, err := auth.ParseRole(strings.ToUpper(text[i+1:]))
		if err != nil {
			return nil, &usage{fmt.Sprintf("--oidc-role %q: %v", text, err)}
		}
		if before, ok := roles[text[:i]]; ok && before != role {
			return nil, &usage{fmt.Sprintf("--oidc-role %q: the value gives %s already", text, before)}
		}
		roles[text[:i]] = role
	}
	return roles, nil
}

// issuer asks the issuer for what is needed to know its tokens; nil where there is none.
func (f accessFlags) issuer(ctx context.Context) (auth.Authenticator, error) {
	if f.Auth != "oidc" {
		return nil, nil
	}
	roles, err := f.oidcRoles()
	if err != nil {
		return nil, err
	}
	issuer, err := auth.OpenOIDC(ctx, auth.OIDCConfig{
		Issuer: f.OIDCIssuer, Audience: f.OIDCAudience, RoleClaim: f.OIDCRoleClaim, Roles: roles,
	})
	if err != nil {
		return nil, fmt.Errorf("%w; without it nobody could be known, so nothing is served", err)
	}
	return issuer, nil
}

// guard puts into a configuration who asks, and under which names; issuer is the one that issuer gave. It says how, for people.
func (f accessFlags) guard(config *graph.Config, issuer auth.Authenticator, store storeFlag, reached *net.TCPAddr) (access string, err error) {
	config.AllowedHosts = f.AllowedHost
	// Who asks by a token does so knowingly, under whatever name: no page of another origin has it.
	config.AnyHost = f.Auth != "none" && len(f.AllowedHost) == 0
	switch f.Auth {
	case "token":
		file, err := f.file(store)
		if err != nil {
			return "", err
		}
		keys, _, err := auth.OpenKeys(file)
		if err != nil {
			return "", err
		}
		config.Authenticator = &auth.Tokens{Keys: keys}
		access = "who has a token; rapporteur token makes one, with the keys in " + file
		if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o004 != 0 {
			access += " (which every user of this machine can read)"
		}
		return access, nil
	case "oidc":
		config.Authenticator = issuer
		return fmt.Sprintf("who has a token of %s for %s, with a role in %s", f.OIDCIssuer, f.OIDCAudience, f.OIDCRoleClaim), nil
	}
	config.Authenticator = auth.None{}
	if reached.IP.IsLoopback() {
		return "everybody on this machine may ask, record and edit (--auth none)", nil
	}
	names, err := ownNames(reached.IP)
	config.AllowedHosts = slices.Concat(f.AllowedHost, names)
	return "EVERYBODY who reaches this address may ask, record and edit (--auth none --allow-insecure)", err
}

// ownNames are those of this machine under an address of its own, or under all of them where the address is none in particular. A
// page in a user's browser cannot bear one of them (httpgraphql.LoopbackOnly).
func ownNames(ip net.IP) (names []string, err error) {
	if !ip.IsUnspecified() {
		return []string{ip.String()}, nil
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("the addresses of this machine: %w; name the one to serve with --listen", err)
	}
	for _, address := range addresses {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil {
			names = append(names, prefix.Addr().WithZone("").String())
		}
	}
	if name, err := os.Hostname(); err == nil {
		names = append(names, name)
	}
	return names, nil
}
