/// An error about what the command line names, such as a file that is not there. The command was used as it is meant to be, so its usage
/// is not shown. The exit status is 2.
struct InputError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
