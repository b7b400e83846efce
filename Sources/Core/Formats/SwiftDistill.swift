/// The program and its libraries as a whole.
public enum SwiftDistill {
  /// What `distill --version` says, and what a run writes beside its results.
  public static let version = "0.4.0"
}
