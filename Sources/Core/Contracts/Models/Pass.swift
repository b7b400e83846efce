/// How an encoder is run.
public enum Pass: Sendable {
  /// No dropout, and nothing is recorded.
  case inference
  /// Operations on parameters are recorded; dropout masks are functions of the key.
  case training(RandomKey)
}
