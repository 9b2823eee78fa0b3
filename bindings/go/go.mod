module meshvitals

go 1.24
