/** Istio's root namespace, unless its mesh configuration says otherwise: what is there holds for all that have nothing of their own. */
export const ROOT_NAMESPACE = "istio-system";
