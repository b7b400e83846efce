/// Information about the package as a whole.
public enum SwiftDistill {
  /// The version that `distill --version` prints and that every run records.
  public static let version = "0.17.0"
}
